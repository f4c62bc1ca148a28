/// `host[:port]` (RFC 9110 §4.2), checked and brought into one spelling in place: lower-case, without a trailing dot.
struct Authority {
    /// Where the host is, with the brackets of an IPv6 address.
    let host: Range<Int>
    /// Host and port as they are spelt now.
    let range: Range<Int>
    let port: UInt16?

    /// A name longer than this is not in any DNS (RFC 1035 §2.3.4).
    private static let maximumHost = 255

    init(_ bytes: inout MutableSpan<UInt8>, _ range: Range<Int>) throws(Malformation) {
        guard !range.isEmpty else { throw .host }
        let isLiteral = bytes[range.lowerBound] == ASCII.openBracket
        let hostEnd =
            isLiteral
            ? try Self.endOfLiteral(&bytes, range) : try Self.endOfName(&bytes, range)
        port = try Self.port(bytes, hostEnd..<range.upperBound)
        let isRooted = !isLiteral && bytes[hostEnd - 1] == ASCII.dot
        host = range.lowerBound..<(isRooted ? hostEnd - 1 : hostEnd)
        guard (1...Self.maximumHost).contains(host.count), isLiteral || bytes[host.upperBound - 1] != ASCII.dot else {
            throw .host
        }
        var end = host.upperBound
        for offset in hostEnd..<range.upperBound {
            bytes[end] = bytes[offset]
            end += 1
        }
        self.range = range.lowerBound..<end
    }

    /// Letters, digits, hyphen, underscore and dot; no empty label.
    private static func endOfName(
        _ bytes: inout MutableSpan<UInt8>, _ range: Range<Int>
    ) throws(Malformation) -> Int {
        var offset = range.lowerBound
        var previous = ASCII.dot
        while offset < range.upperBound, bytes[offset] != ASCII.colon {
            let byte = ASCII.lowercase(bytes[offset])
            guard ByteSet.hostName.contains(byte), byte != ASCII.dot || previous != ASCII.dot else { throw .host }
            bytes[offset] = byte
            previous = byte
            offset += 1
        }
        guard offset > range.lowerBound else { throw .host }
        return offset
    }

    private static func endOfLiteral(
        _ bytes: inout MutableSpan<UInt8>, _ range: Range<Int>
    ) throws(Malformation) -> Int {
        var close = range.lowerBound + 1
        while close < range.upperBound, bytes[close] != ASCII.closeBracket {
            bytes[close] = ASCII.lowercase(bytes[close])
            close += 1
        }
        guard close < range.upperBound, IPv6Literal.isValid(bytes, range.lowerBound + 1..<close) else { throw .host }
        return close + 1
    }

    /// Nothing, or a colon and a number up to 65535 in one to five digits.
    private static func port(
        _ bytes: borrowing MutableSpan<UInt8>, _ range: Range<Int>
    ) throws(Malformation) -> UInt16? {
        guard !range.isEmpty else { return nil }
        guard bytes[range.lowerBound] == ASCII.colon, (2...6).contains(range.count) else { throw .host }
        var number = 0
        for offset in range.dropFirst() {
            guard ASCII.isDigit(bytes[offset]) else { throw .host }
            number = number * 10 + Int(bytes[offset] - ASCII.zero)
        }
        guard let port = UInt16(exactly: number) else { throw .host }
        return port
    }
}
