@testable import SallyportEdge
import SallyportModel
import Testing

@Suite struct ProxyHeaderTests {
    static let signature: [UInt8] = [0x0d, 0x0a, 0x0d, 0x0a, 0, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]

    static func read(_ bytes: [UInt8]) -> ProxyHeaderReader.Outcome {
        var reader = ProxyHeaderReader()
        return reader.read(bytes)
    }

    static func reason(_ bytes: [UInt8]) -> Reason? {
        if case .refused(let fault) = read(bytes) { fault.reason } else { nil }
    }

    static func block(command: UInt8 = 0x21, family: UInt8 = 0x11, content: [UInt8]) -> [UInt8] {
        signature + [command, family, UInt8(content.count >> 8), UInt8(content.count & 255)] + content
    }

    static let four: [UInt8] = [192, 0, 2, 1, 198, 51, 100, 1, 0xdc, 0x04, 0x01, 0xbb]

    static func addresses(_ source: [UInt8], _ port: UInt16, _ destination: [UInt8], _ to: UInt16) -> ProxyHeader.Addresses? {
        guard let source = ProxyHeader.Endpoint(address: source, port: port),
            let destination = ProxyHeader.Endpoint(address: destination, port: to)
        else { return nil }
        return ProxyHeader.Addresses(source: source, destination: destination)
    }

    // MARK: good ones

    @Test func textIsRead() {
        let line = Array("PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n".utf8)
        let expected = Self.addresses([192, 0, 2, 1], 56324, [198, 51, 100, 1], 443)
        #expect(Self.read(line + [22, 3, 1]) == .header(ProxyHeader(addresses: expected), consumed: line.count))
    }

    @Test func textOfIPv6IsRead() {
        let line = Array("PROXY TCP6 2001:db8::1 2001:db8::2 1 65535\r\n".utf8)
        let one: [UInt8] = [0x20, 1, 0xd, 0xb8] + [UInt8](repeating: 0, count: 11)
        let expected = Self.addresses(one + [1], 1, one + [2], 65535)
        #expect(Self.read(line) == .header(ProxyHeader(addresses: expected), consumed: line.count))
    }

    @Test(arguments: ["PROXY UNKNOWN\r\n", "PROXY UNKNOWN ffff:f...f:ffff ffff:f 65535 65535\r\n"])
    func unknownIsThePeerItself(line: String) {
        #expect(Self.read(Array(line.utf8)) == .header(ProxyHeader(), consumed: line.utf8.count))
    }

    @Test func binaryIsRead() {
        let block = Self.block(content: Self.four + [4, 0, 2, 0, 0] + [2, 0, 3] + Array("a.b".utf8))
        let expected = ProxyHeader(addresses: Self.addresses([192, 0, 2, 1], 56324, [198, 51, 100, 1], 443), authority: "a.b")
        #expect(Self.read(block + [22]) == .header(expected, consumed: block.count))
    }

    @Test func localUnspecifiedAndUnixAreThePeerItself() {
        for block in [
            Self.block(command: 0x20, family: 0, content: []), Self.block(command: 0x20, content: Self.four),
            Self.block(command: 0x20, family: 0xff, content: [1, 2, 3]), Self.block(family: 0, content: []),
            Self.block(family: 0x31, content: [UInt8](repeating: 65, count: 216)),
        ] {
            #expect(Self.read(block) == .header(ProxyHeader(), consumed: block.count))
        }
    }

    /// However it is cut.
    @Test func piecesMakeNoDifference() {
        for whole in [Array("PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n".utf8), Self.block(content: Self.four)] {
            let expected = ProxyHeader(addresses: Self.addresses([192, 0, 2, 1], 56324, [198, 51, 100, 1], 443))
            for cut in 1..<whole.count {
                var reader = ProxyHeaderReader()
                #expect(reader.read(whole[..<cut]) == .needMore)
                #expect(reader.read(whole[cut...] + [22, 3]) == .header(expected, consumed: whole.count - cut))
            }
        }
    }

    // MARK: bad ones

    @Test(arguments: [
        "PROXY TCP4 192.0.2.1 198.51.100.1 56324 443 \r\n", "PROXY TCP4  192.0.2.1 198.51.100.1 56324 443\r\n",
        "PROXY TCP4 192.0.2.01 198.51.100.1 56324 443\r\n", "PROXY TCP4 192.0.2.1 198.51.100.1 056324 443\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.1 65536 443\r\n", "PROXY TCP4 192.0.2.1 198.51.100.1 -1 443\r\n",
        "PROXY TCP4 192.0.2.256 198.51.100.1 1 443\r\n", "PROXY TCP4 192.0.2 198.51.100.1 1 443\r\n",
        "PROXY TCP4 ::1 ::1 1 443\r\n", "PROXY TCP6 192.0.2.1 198.51.100.1 1 443\r\n", "PROXY TCP6 ::1%lo ::1 1 443\r\n",
        "PROXY UDP4 192.0.2.1 198.51.100.1 1 443\r\n", "PROXY tcp4 192.0.2.1 198.51.100.1 1 443\r\n", "PROXY \r\n",
        "PROXY TCP4\r\n", "PROXY TCP4 192.0.2.1 198.51.100.1 56324\r\n", "PROXY TCP4 192.0.2.1\t198.51.100.1 1 443\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.1 1 443\n", "PROXY TCP4 192.0.2.1 198.51.100.1 1 443\rX",
        "PROXY TCP4 192.0.2.1 198.51.100.1 1 443\u{0}\r\n", "PROXY UNKNOWN \u{7f}\r\n",
    ])
    func textThatIsNotExactlyRightIsRefused(line: String) {
        #expect(Self.reason(Array(line.utf8)) == .proxyHeaderMalformed)
    }

    @Test func textIsBounded() {
        #expect(Self.reason(Array("PROXY UNKNOWN ".utf8) + [UInt8](repeating: 65, count: 200)) == .proxyHeaderTooLong)
        let longest = Array("PROXY UNKNOWN ".utf8) + [UInt8](repeating: 65, count: 91) + [13, 10]
        #expect(longest.count == 107)
        #expect(Self.read(longest) == .header(ProxyHeader(), consumed: 107))
        #expect(Self.reason(Array("PROXY UNKNOWN ".utf8) + [UInt8](repeating: 65, count: 92) + [13, 10]) == .proxyHeaderTooLong)
    }

    @Test(arguments: [[22, 3, 1] as [UInt8], Array("GET / HTTP/1.1\r\n".utf8), Array("PROXXY".utf8), [0x0d, 0x0a, 0x0d, 0x0b], [0]])
    func whatIsNoHeaderIsSeenAtItsFirstWrongByte(bytes: [UInt8]) {
        #expect(Self.reason(bytes) == .proxyHeaderMissing)
    }

    @Test func binaryThatIsNotExactlyRightIsRefused() {
        let bad: [[UInt8]] = [
            Self.block(command: 0x11, content: Self.four), Self.block(command: 0x22, content: Self.four),
            Self.block(family: 0x12, content: Self.four), Self.block(family: 0x21, content: Self.four),
            Self.block(content: Array(Self.four.dropLast())), Self.block(content: Self.four + [2]),
            Self.block(content: Self.four + [4, 0, 9, 0]), Self.block(content: Self.four + [2, 0, 0]),
            Self.block(content: Self.four + [2, 0, 1, 10]), Self.block(content: Self.four + [3, 0, 1, 0]),
            Self.block(content: Self.four + [1, 0, 1, 65, 1, 0, 1, 65]),
        ]
        for block in bad { #expect(Self.reason(block) == .proxyHeaderMalformed, "\(block)") }
        #expect(Self.reason(Self.signature + [0x21, 0x11, 0xff, 0xff]) == .proxyHeaderTooLong)
    }

    @Test func aWrongChecksumIsRefused() {
        var block = ProxyHeaderWriter(addresses: Self.addresses([1, 2, 3, 4], 5, [6, 7, 8, 9], 10), authority: "a").binary()
        if case .header = Self.read(block) {} else { Issue.record("the right one is refused") }
        block[17] ^= 1
        #expect(Self.reason(block) == .proxyChecksumWrong)
    }

    /// RFC 3720 appendix B.4.
    @Test func checksumsAreThoseOfTheStandard() {
        #expect(CRC32C.of([UInt8](repeating: 0, count: 32)) == 0x8a91_36aa)
        #expect(CRC32C.of([UInt8](repeating: 0xff, count: 32)) == 0x62a8_ab43)
        #expect(CRC32C.of((0..<32).map(UInt8.init)) == 0x46dd_794e)
    }

    // MARK: what we write

    @Test func whatIsWrittenIsRead() {
        for addresses in [
            Self.addresses([1, 2, 3, 4], 5, [6, 7, 8, 9], 10),
            Self.addresses([UInt8](repeating: 1, count: 16), 5, [UInt8](repeating: 2, count: 16), 10), nil,
        ] {
            let writer = ProxyHeaderWriter(
                addresses: addresses, authority: "example.org", alpn: Array("h2".utf8), commonName: "alice", tlsVersion: "TLSv1.3")
            #expect(Self.read(writer.text()) == .header(ProxyHeader(addresses: addresses), consumed: writer.text().count))
            let expected = ProxyHeader(addresses: addresses, authority: "example.org", alpn: Array("h2".utf8))
            #expect(Self.read(writer.binary()) == .header(expected, consumed: writer.binary().count))
        }
    }
}
