// swift-tools-version: 6.3
import PackageDescription

// libFuzzer on the engines of the gateway. `./run SECONDS` builds with the flags that this needs; they are not in the
// gateway's own manifest, which therefore stays usable as a dependency.

let engines: Target.Dependency = .product(name: "SallyportEngines", package: "sallyport")

func fuzzer(_ name: String) -> Target {
    .executableTarget(name: name, dependencies: ["LibFuzzer", engines], swiftSettings: [.swiftLanguageMode(.v6)])
}

let package = Package(
    name: "fuzz",
    dependencies: [.package(name: "sallyport", path: "..")],
    targets: [
        .target(name: "LibFuzzer"),
        fuzzer("HTTP1Fuzz"),
        fuzzer("HTTP2Fuzz"),
        fuzzer("HTTP2ResponseFuzz"),
        fuzzer("ProxyHeaderFuzz"),
        fuzzer("RESPFuzz"),
        fuzzer("ClientHelloFuzz"),
        fuzzer("ServerFlightFuzz"),
        fuzzer("HandshakeExplanationFuzz"),
        fuzzer("CertificateNameFuzz"),
        fuzzer("CertificateChainFuzz"),
        fuzzer("ConfigurationFuzz"),
        fuzzer("ConditionFuzz"),
        fuzzer("AuditTrailFuzz"),
        fuzzer("TokenFuzz"),
        fuzzer("TelemetryFuzz"),
        fuzzer("ACMERequestFuzz"),
        fuzzer("RevocationListFuzz"),
        fuzzer("StatusResponseFuzz"),
        fuzzer("ACMEAnswerFuzz"),
    ]
)
