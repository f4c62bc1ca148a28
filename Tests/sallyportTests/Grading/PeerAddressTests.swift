import Testing

@testable import sallyport

@Suite struct PeerAddressTests {
    @Test(arguments: [
        ("example.org:8443", "example.org", 8443, "example.org"), ("example.org", "example.org", 443, "example.org"),
        ("127.0.0.1:1", "127.0.0.1", 1, nil), ("[::1]:443", "::1", 443, nil), ("[2001:db8::1]", "2001:db8::1", 443, nil),
        ("localhost:65535", "localhost", 65535, "localhost"),
    ] as [(String, String, UInt16, String?)])
    func addressesAreRead(text: String, host: String, port: UInt16, name: String?) throws {
        let address = try PeerAddress(text)
        #expect(address.host == host && address.port == port && address.serverName == name)
        #expect(try PeerAddress(address.text) == address)
    }

    @Test(arguments: [
        "", ":443", "example.org:", "example.org:0", "example.org:65536", "example.org:+1", "example.org:44x", "::1",
        "[::1", "[example.org]:1", "https://example.org", "a b:1", "user@example.org:1", "[::1]443", "ex\u{1B}:1",
    ])
    func everythingElseIsRefused(text: String) {
        #expect(throws: CommandFailure.self) { _ = try PeerAddress(text) }
    }
}
