import SallyportModel

@testable import SallyportTLS

extension HandshakeCase {
    /// What comes first on a connection and is no good ClientHello.
    static let openings: [HandshakeCase] = [
        opening("plain-http", .plainHTTP) { Array("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8) },
        opening("ssh", .notTLS) { Array("SSH-2.0-OpenSSH_9.2p1\r\n".utf8) },
        opening("ssl-2", .sslVersion2) { [0x80, 0x2E, 0x01, 0x00, 0x02] },
        opening("alert-first", .alertFirst) { [21, 3, 1, 0, 2, 2, 40] },
        opening("proxy-header-1", .proxyProtocol) { Array("PROXY TCP4 192.0.2.1 192.0.2.2 1 443\r\n".utf8) },
        opening("proxy-header-2", .proxyProtocol) {
            [13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10, 0x21, 0x11, 0, 0]
        },
        opening("hello-malformed", .helloMalformed) { HelloBytes(compression: [1]).records() },
        opening("hello-odd-list", .helloMalformed) { HelloBytes().with(10, [0, 3, 0, 29, 0]).records() },
        opening("hello-trailing-bytes", .helloMalformed) { HelloBytes(tail: [0]).records() },
        opening("hello-too-large", .helloTooLarge) { [22, 3, 1, 0x40, 0, 1, 1, 0, 0] },
        opening("hello-too-fragmented", .helloTooFragmented) { HelloBytes().records(of: 1) },
        opening("hello-duplicate-extension", .helloDuplicateExtension) {
            var hello = HelloBytes()
            hello.extensions?.append((10, HelloBytes.list16([29])))
            return hello.records()
        },
        opening("hello-two-names", .helloTwoServerNames) {
            HelloBytes().with(0, HelloBytes.serverName(["a.example", "b.example"])).records()
        },
        opening("name-is-an-address", .helloServerNameInvalid) {
            HelloBytes().with(0, HelloBytes.serverName(["192.0.2.1"])).records()
        },
        opening("hello-interrupted", .helloInterrupted) {
            Array(HelloBytes().records(of: 40)[..<45]) + [23, 3, 3, 0, 1, 1]
        },
        opening("record-too-large", .recordTooLarge) { [22, 3, 1, 0x40, 1] },
        opening("first-message-is-another", .unexpectedFirstMessage) { HelloBytes(type: 2).records() },
    ]

    private static func opening(
        _ name: String, _ reason: Reason, _ bytes: @escaping @Sendable () -> [UInt8]
    ) -> HandshakeCase {
        HandshakeCase(name, reason) { (try StagedHandshake.opening(bytes()), nil) }
    }
}
