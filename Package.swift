// swift-tools-version: 6.3
import PackageDescription

/// Every target is built in Swift 6 language mode; a warning is an error here and nowhere else (dependencies keep theirs).
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .treatAllWarnings(as: .error),
]

let nio: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioHTTP2: Target.Dependency = .product(name: "NIOHTTP2", package: "swift-nio-http2")
let nioHPACK: Target.Dependency = .product(name: "NIOHPACK", package: "swift-nio-http2")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
// Stands for CNIOBoringSSL, which is no product of its own: docs/decisions/0004.
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let x509: Target.Dependency = .product(name: "X509", package: "swift-certificates")
let asn1: Target.Dependency = .product(name: "SwiftASN1", package: "swift-asn1")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let cryptoExtras: Target.Dependency = .product(name: "CryptoExtras", package: "swift-crypto")
let jwtKit: Target.Dependency = .product(name: "JWTKit", package: "jwt-kit")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
// Over the system's SQLite: docs/decisions/0010.
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "sallyport",
    products: [
        .executable(name: "sallyport", targets: ["sallyport"]),
        // For Fuzz/ and Benchmarks/, which are packages of their own.
        .library(name: "SallyportEngines", targets: ["SallyportModel", "SallyportHTTP", "SallyportConfig", "SallyportAccess", "SallyportBalance", "SallyportPKI", "SallyportTLS", "SallyportEdge", "SallyportPolicy", "SallyportTokens", "SallyportLimits", "SallyportCluster", "SallyportAudit", "SallyportTelemetry"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        // Arrows point down only: a target may name those below it. Tests/TidyTests reads this file and proves it.
        .executableTarget(
            name: "sallyport",
            dependencies: [
                "SallyportProxy", "SallyportTLS", "SallyportStore", "SallyportAudit", "SallyportPKI", "SallyportTelemetry", "SallyportEdge", "SallyportAccess",
                "SallyportPolicy",
                "SallyportConfig", "SallyportHTTP", "SallyportModel", arguments, logging, nio, nioPosix,
            ], swiftSettings: strict),
        .target(
            name: "SallyportProxy",
            dependencies: [
                "SallyportCluster", "SallyportTLS", "SallyportTokens", "SallyportStore", "SallyportAudit", "SallyportPKI", "SallyportTelemetry", "SallyportEdge", "SallyportAccess", "SallyportBalance", "SallyportLimits", "SallyportConfig", "SallyportPolicy",
                "SallyportCompression", "SallyportHTTP", "SallyportModel", nio, nioPosix, nioHTTP2, nioHPACK, logging, crypto,
            ], swiftSettings: strict),
        .target(
            name: "SallyportCluster",
            dependencies: ["SallyportTLS", "SallyportPKI", "SallyportLimits", "SallyportConfig", "SallyportModel", nio, nioPosix, crypto],
            swiftSettings: strict),
        .target(
            name: "SallyportTLS",
            dependencies: ["SallyportPKI", "SallyportConfig", "SallyportModel", nio, nioSSL, crypto], swiftSettings: strict),
        .target(
            name: "SallyportTokens",
            dependencies: ["SallyportPKI", "SallyportConfig", "SallyportModel", crypto, jwtKit], swiftSettings: strict),
        .target(
            name: "SallyportStore", dependencies: ["SallyportAudit", "SallyportPKI", "SallyportModel", grdb],
            swiftSettings: strict),
        .target(name: "SallyportAudit", dependencies: ["SallyportModel", crypto], swiftSettings: strict),
        .target(
            name: "SallyportPKI",
            dependencies: ["SallyportConfig", "SallyportModel", x509, asn1, crypto, cryptoExtras], swiftSettings: strict),
        .target(name: "SallyportTelemetry", dependencies: ["SallyportModel", logging], swiftSettings: strict),
        .target(name: "SallyportEdge", dependencies: ["SallyportModel"], swiftSettings: strict),
        .target(
            name: "SallyportAccess", dependencies: ["SallyportLimits", "SallyportConfig", "SallyportPolicy", "SallyportHTTP", "SallyportModel"], swiftSettings: strict),
        .target(name: "SallyportBalance", dependencies: ["SallyportConfig", "SallyportModel"], swiftSettings: strict),
        .target(name: "SallyportLimits", dependencies: ["SallyportConfig", "SallyportHTTP"], swiftSettings: strict),
        .target(name: "SallyportConfig", dependencies: ["SallyportPolicy", "SallyportHTTP", "SallyportModel", "Yams"], swiftSettings: strict),
        .target(name: "SallyportPolicy", dependencies: ["SallyportHTTP", "SallyportModel"], swiftSettings: strict),
        .target(name: "SallyportCompression", dependencies: ["SallyportHTTP", "CZlib", "CBrotli"], swiftSettings: strict),
        .target(name: "SallyportHTTP", dependencies: ["SallyportModel"], swiftSettings: strict),
        .target(name: "SallyportModel", swiftSettings: strict),

        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CBrotli", pkgConfig: "libbrotlienc", providers: [.apt(["libbrotli-dev"])]),

        .testTarget(name: "SallyportCompressionTests", dependencies: ["SallyportCompression", "SallyportHTTP"], swiftSettings: strict),
        .testTarget(name: "SallyportModelTests", dependencies: ["SallyportModel"], swiftSettings: strict),
        .testTarget(name: "SallyportPolicyTests", dependencies: ["SallyportPolicy", "SallyportHTTP", "SallyportModel"], swiftSettings: strict),
        .testTarget(name: "SallyportHTTPTests", dependencies: ["SallyportHTTP", "SallyportModel"], swiftSettings: strict),
        .testTarget(name: "SallyportConfigTests", dependencies: ["SallyportConfig", "SallyportHTTP", "SallyportModel"], swiftSettings: strict),
        .testTarget(name: "SallyportEdgeTests", dependencies: ["SallyportEdge", "SallyportModel"], swiftSettings: strict),
        .testTarget(name: "SallyportAccessTests", dependencies: ["SallyportAccess", "SallyportLimits", "SallyportPolicy", "SallyportConfig", "SallyportHTTP", "SallyportModel"], swiftSettings: strict),
        .testTarget(name: "SallyportBalanceTests", dependencies: ["SallyportBalance", "SallyportConfig", "SallyportModel"], swiftSettings: strict),
        .testTarget(name: "SallyportLimitsTests", dependencies: ["SallyportLimits", "SallyportConfig"], swiftSettings: strict),
        .testTarget(name: "SallyportTelemetryTests", dependencies: ["SallyportTelemetry", "SallyportModel", logging], swiftSettings: strict),
        .testTarget(name: "SallyportPKITests", dependencies: ["SallyportPKI", "SallyportConfig", "SallyportModel", x509, asn1, crypto, cryptoExtras], swiftSettings: strict),
        .testTarget(name: "SallyportAuditTests", dependencies: ["SallyportAudit", "SallyportModel", crypto], swiftSettings: strict),
        .testTarget(
            name: "SallyportStoreTests",
            dependencies: ["SallyportStore", "SallyportAudit", "SallyportPKI", "SallyportModel", grdb], swiftSettings: strict),
        .testTarget(
            name: "SallyportTokensTests",
            dependencies: ["SallyportTokens", "SallyportPKI", "SallyportConfig", "SallyportModel", crypto, cryptoExtras], swiftSettings: strict),
        .testTarget(
            name: "SallyportTLSTests",
            dependencies: ["SallyportTLS", "SallyportPKI", "SallyportConfig", "SallyportModel", nio, nioPosix, nioSSL, x509, asn1, crypto, .product(name: "NIOEmbedded", package: "swift-nio")],
            swiftSettings: strict),
        .testTarget(
            name: "SallyportClusterTests",
            dependencies: ["SallyportCluster", "SallyportLimits", "SallyportConfig", "SallyportModel", nio, nioPosix, .product(name: "NIOEmbedded", package: "swift-nio")],
            swiftSettings: strict),
        .testTarget(
            name: "SallyportProxyTests",
            dependencies: [nio, nioPosix, nioHTTP2, nioHPACK, .product(name: "NIOEmbedded", package: "swift-nio"), "SallyportProxy", "SallyportTLS", "SallyportTelemetry", "SallyportEdge", "SallyportAccess", "SallyportBalance", "SallyportConfig", "SallyportPKI", "SallyportHTTP", "SallyportModel", logging], swiftSettings: strict),
        .testTarget(
            name: "sallyportTests",
            dependencies: ["sallyport", "SallyportProxy", "SallyportConfig", "SallyportPKI", "SallyportModel", arguments, nio, nioPosix],
            swiftSettings: strict),
        .testTarget(
            name: "TidyTests",
            dependencies: ["SallyportModel", "SallyportConfig"], swiftSettings: strict),
    ]
)
