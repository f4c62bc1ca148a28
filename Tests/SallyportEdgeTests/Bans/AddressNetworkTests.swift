import SallyportEdge
import Testing

@Suite struct AddressNetworkTests {
    @Test(arguments: [
        ("203.0.113.7", "203.0.113.7"), ("203.0.113.7/32", "203.0.113.7"), ("203.0.113.0/24", "203.0.113.0/24"),
        ("0.0.0.0/0", "0.0.0.0/0"), ("2001:db8::/32", "2001:db8::/32"), ("::/0", "::/0"), ("::1", "::1"),
        ("2001:DB8:0:0::1", "2001:db8::1"), ("::ffff:203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.0/120", "203.0.113.0/24"), ("255.255.255.255", "255.255.255.255"),
    ])
    func readsAndWrites(text: String, canonical: String) throws {
        #expect(try #require(AddressNetwork(text)).text == canonical)
    }

    @Test(arguments: [
        "", "/", "/24", "203.0.113.7/", "203.0.113.7/24", "203.0.113.0/33", "203.0.113.0/-1", "203.0.113.0/ 24",
        "203.0.113.0/024", "203.0.113.0/24/24", "203.0.113", "0203.0.113.7", "1.2.3.4\u{0}5", "::/129",
        "2001:db8::1/64",
        "[::1]", "::1%eth0", "alice", "1.2.3.4/+8", "1.2.3.4/٨",
    ])
    func refuses(text: String) {
        #expect(AddressNetwork(text) == nil)
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.1.2.3", true), ("10.1.2.3", "10.0.0.0/8", true), ("10.0.0.0/8", "11.0.0.0/8", false),
        ("0.0.0.0/0", "::/0", false), ("0.0.0.0/1", "127.0.0.0/8", true), ("128.0.0.0/1", "127.0.0.0/8", false),
        ("::/0", "::1", true), ("10.0.0.1", "10.0.0.1", true), ("10.0.0.1", "10.0.0.2", false),
    ])
    func overlaps(left: String, right: String, expected: Bool) throws {
        #expect(try #require(AddressNetwork(left)).overlaps(try #require(AddressNetwork(right))) == expected)
    }

    @Test func aClientIsAnAddressOrItsNetwork() throws {
        #expect(AddressNetwork("2001:db8:1:2:3::4")?.ofOneClient.text == "2001:db8:1:2::/64")
        #expect(AddressNetwork("203.0.113.7")?.ofOneClient.text == "203.0.113.7")
    }
}

@Suite struct BanSubjectTests {
    @Test(arguments: [
        "alice", "CN=Alice,O=Example", "spiffe://example.org/a", "cafe.de", "a.b", "42", "dead:beef", "::g1:::",
    ])
    func names(text: String) {
        #expect(BanSubject(text) == .identity(text))
    }

    @Test(arguments: [
        "", "10.0.0.300", "10.0.0.1/24", "10.0.0", "2001:db8::1::2", "fe80::1/200", "a\nb", "a\u{7f}",
        "a\u{202e}b", "a\u{2028}b", "\u{1b}[31m",
        String(repeating: "a", count: 513),
    ])
    func refuses(text: String) {
        #expect(BanSubject(text) == nil)
    }
}
