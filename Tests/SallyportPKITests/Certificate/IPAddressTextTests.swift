import Testing

@testable import SallyportPKI

@Suite struct IPAddressTextTests {
    @Test(arguments: [
        ("10.0.0.1", "10.0.0.1"), ("::1", "::1"), ("::", "::"), ("2001:DB8::8A2E:370:7334", "2001:db8::8a2e:370:7334"),
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("::ffff:192.0.2.1", "::ffff:192.0.2.1"), ("1::", "1::"),
        ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"), ("1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8"),
        ("64:ff9b::1.2.3.4", "64:ff9b::102:304"),
    ])
    func roundTrip(_ text: String, _ canonical: String) throws {
        let bytes = try #require(IPAddressText.bytes(text))
        #expect(IPAddressText.text(bytes) == canonical)
    }

    @Test(arguments: [
        "", "1.2.3", "1.2.3.4.5", "01.2.3.4", "256.1.1.1", "1.2.3.4 ", "1.2.3.+4", ":::", "1::2::3", "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9", "12345::", "::1%eth0", "[::1]", "g::", "1:2:3:4:5:6:7::8:9", ":1", "1:", "0x1.2.3.4",
        "::+1",
        "1.2.3.4::", "::1.2.3.4:5",
    ])
    func refuses(_ text: String) { #expect(IPAddressText.bytes(text) == nil) }
}
