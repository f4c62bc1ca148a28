import NIOCore
import SallyportPKI
import Testing

@testable import SallyportTLS

/// What servers may send to the one who wants to see a certificate. Good handshakes are in the end-to-end tests.
@Suite struct CertificateSightTests {
    private static func sight() throws -> CertificateSight {
        try CertificateSight(serverName: "localhost", protocols: ["acme-tls/1"], source: "localhost")
    }

    @Test func everyGroupAndTheProtocolAreOffered() throws {
        var reader = ClientHelloReader()
        guard case .hello(let hello) = reader.read(try Self.sight().begin().span) else {
            Issue.record("no ClientHello")
            return
        }
        #expect(hello.sni == "localhost" && hello.alpn == [Array("acme-tls/1".utf8)])
        #expect(hello.groups.filter { !$0.isGREASE } == [0x11EC, 0x001D, 0x0017, 0x0018, 0x0202])
    }

    @Test(arguments: [
        [21, 3, 3, 0, 2, 2, 112], Array("220 mail ESMTP\r\n".utf8), [UInt8](repeating: 0, count: 300 << 10),
    ] as [[UInt8]])
    func whatIsNoHandshakeFails(bytes: [UInt8]) throws {
        let sight = try Self.sight()
        _ = sight.begin()
        #expect(sight.receive(ByteBuffer(bytes: bytes)).progress == .failed)
        #expect(sight.leaf == nil)
    }

    @Test func whatIsTakenIsBounded() throws {
        let sight = try Self.sight()
        _ = sight.begin()
        // A record that announces a certificate message and never ends.
        var taken = 0
        while taken < 1 << 20, sight.receive(ByteBuffer(bytes: [22, 3, 3, 64, 0])).progress == .wantsMore { taken += 5 }
        #expect(taken <= 256 << 10)
    }
}

extension UInt16 {
    /// RFC 8701.
    fileprivate var isGREASE: Bool { self & 0x0F0F == 0x0A0A }
}
