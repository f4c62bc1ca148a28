import Testing

@testable import SallyportTLS

@Suite struct ProbeHelloTests {
    private let random = [UInt8](repeating: 3, count: 32)

    private func read(_ bytes: [UInt8]) -> ClientHello? {
        var reader = ClientHelloReader()
        guard case .hello(let hello) = reader.read(bytes.span) else { return nil }
        return hello
    }

    @Test(arguments: WireVersion.known.filter { $0 != .ssl30 })
    func whatIsWrittenIsReadByOurOwnReader(version: WireVersion) throws {
        var probe = ProbeHello(version: version, suites: [0x1301, 0x000A, 0x0004], serverName: "example.org")
        probe.groups = [.x25519, .secp256r1]
        probe.schemes = SignatureScheme.known
        probe.keyShares = [.x25519, .secp256r1, .secp384r1]
        probe.applicationProtocols = ["h2"]
        probe.compression = [1]
        let hello = try #require(read(probe.record(random: random)))
        #expect(hello.versions == [version.rawValue] && hello.cipherSuites == [0x1301, 0x000A, 0x0004])
        #expect(hello.sni == "example.org" && hello.groups == [0x001D, 0x0017] && hello.alpn == [Array("h2".utf8)])
        #expect(hello.signatureAlgorithms.count == (version >= .tls12 ? SignatureScheme.known.count : 0))
        #expect(hello.keyShares == (version == .tls13 ? [0x001D, 0x0017] : []))
        #expect(hello.legacyVersion == min(version, .tls12).rawValue)
    }

    /// Our own reader takes no ClientHello of SSL 3.0, so the bytes are compared.
    @Test func aHelloOfSSL3HasNoExtensions() {
        let record = ProbeHello(version: .ssl30, suites: [0x000A]).record(random: random)
        let hello: [UInt8] = [3, 0] + random + [0, 0, 2, 0x00, 0x0A, 1, 0]
        #expect(record == [22, 3, 0, 0, UInt8(hello.count + 4), 1, 0, 0, UInt8(hello.count)] + hello)
        #expect(read(record) == nil)
    }

    @Test func withoutKeySharesTheListIsEmptyAndThere() throws {
        let hello = try #require(read(ProbeHello(version: .tls13, suites: [0x1301]).record(random: random)))
        #expect(hello.extensions.contains(51) && hello.keyShares.isEmpty && hello.sni == nil)
    }
}
