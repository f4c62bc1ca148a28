import Testing

@testable import SallyportConfig

@Suite struct ScalarTypesTests {
    @Test(arguments: [
        ("1B", 1), ("64KiB", 65_536), ("10MiB", 10 << 20), ("1MB", 1_000_000), ("2GiB", 2 << 30), ("0B", 0),
    ])
    func sizes(_ text: String, _ bytes: Int) throws {
        #expect(try SizeText.parse(text) == bytes)
        #expect(try SizeText.parse(SizeText.text(bytes)) == bytes)
    }

    @Test(arguments: ["", "1", "B", "-1B", "1 B", "1.5MiB", "1kB", "٣MiB", "99999999999GiB", "1MiBx", "+1B"])
    func badSizes(_ text: String) {
        #expect(throws: ValueError.self) { try SizeText.parse(text) }
    }

    @Test(arguments: [
        ("500ms", Duration.milliseconds(500)), ("30s", .seconds(30)), ("5m", .seconds(300)), ("24h", .seconds(86_400)),
        ("90d", .seconds(90 * 86_400)), ("0s", .zero),
    ])
    func durations(_ text: String, _ duration: Duration) throws {
        #expect(try DurationText.parse(text) == duration)
        #expect(try DurationText.parse(DurationText.text(duration)) == duration)
    }

    @Test(arguments: ["", "5", "s", "5 s", "5sec", "1h30m", "-5s", "1e3s", "9999999999999999999d"])
    func badDurations(_ text: String) {
        #expect(throws: ValueError.self) { try DurationText.parse(text) }
    }

    @Test(arguments: [
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000"), ("HTTPS://Example.ORG", "https://example.org"),
        ("https://h:443/", "https://h"), ("http://[::1]:80", "http://[::1]"),
        ("https://[2001:DB8::1]:8443", "https://[2001:db8::1]:8443"),
    ])
    func targets(_ text: String, _ shown: String) throws {
        #expect(try UpstreamTarget(parsing: text).url == shown)
    }

    @Test(arguments: [
        "", "http:", "http://", "http:///", "http://a b", "http://a:b", "http://a:99999", "http://a:+1", "http://@a",
        "http://a/b", "http://a?b", "http://a#b", "http://[::1", "http://[::1]x", "http://[1.2.3.4]", "http://1.2.3",
        "http://a\u{0}b", "http://0x7f.1", "http://a:", "ws://a", "http://a\\@b", "http://%61",
        "http://[fe80::1%25eth0]",
    ])
    func badTargets(_ text: String) {
        #expect(throws: ValueError.self) { try UpstreamTarget(parsing: text) }
    }

    @Test(arguments: [
        ("a", true), ("a-b.c9", true), ("xn--bcher-kva.example", true), ("1.2.3.4", false), ("a.1", false),
        ("a_b", false), ("-a", false), ("a-", false), ("a..b", false), (".a", false), ("a.", false), ("", false),
        (String(repeating: "a", count: 64), false), (String(repeating: "a.", count: 127) + "a", false),
    ])
    func hostNames(_ text: String, _ isName: Bool) {
        #expect(HostText.isName(text) == isName)
    }

    @Test(arguments: [
        ("1.2.3.4", true), ("::1", true), ("::ffff:1.2.3.4", true), ("1.2.3.4\u{0}.evil", false), ("::1\u{0}", false),
        ("1.2.3", false), ("01.2.3.4", false), ("fe80::1%eth0", false), ("", false), ("1.2.3.4 ", false),
    ])
    func addresses(_ text: String, _ isAddress: Bool) {
        #expect(HostText.isAddress(text) == isAddress)
    }

    @Test(arguments: [
        ("00:ff", [0, 255] as [UInt8]?), ("00ff", [0, 255]), ("0", nil), ("00:f", nil), ("0g", nil), ("+1", nil),
        ("00::ff", nil), ("00:ff:", nil),
    ])
    func hexadecimal(_ text: String, _ bytes: [UInt8]?) {
        #expect(Hexadecimal.bytes(text) == bytes)
    }
}
