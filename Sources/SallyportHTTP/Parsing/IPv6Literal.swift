/// The text form of an IPv6 address (IPv6address of RFC 3986 §3.2.2). Zones are refused: they mean nothing to a peer.
struct IPv6Literal {
    private enum Element { case nothing, group, colon, gap }

    private var last = Element.nothing
    private var groups = 0
    private var hasGap = false

    static func isValid(_ bytes: borrowing MutableSpan<UInt8>, _ range: Range<Int>) -> Bool {
        var literal = IPv6Literal()
        var offset = range.lowerBound
        while offset < range.upperBound {
            guard let next = literal.readElement(bytes, offset..<range.upperBound) else { return false }
            offset = next
        }
        return literal.isComplete
    }

    private var isComplete: Bool {
        (last == .group || last == .gap) && (hasGap ? groups < 8 : groups == 8)
    }

    /// - Returns: where the next element begins, or nil when this one may not stand here.
    private mutating func readElement(_ bytes: borrowing MutableSpan<UInt8>, _ rest: Range<Int>) -> Int? {
        let start = rest.lowerBound
        guard bytes[start] == ASCII.colon else { return readGroup(bytes, rest) }
        if start + 1 < rest.upperBound, bytes[start + 1] == ASCII.colon {
            guard !hasGap, last == .group || last == .nothing else { return nil }
            hasGap = true
            last = .gap
            return start + 2
        }
        guard last == .group else { return nil }
        last = .colon
        return start + 1
    }

    /// One to four hex digits, or an IPv4 address as the last two groups.
    private mutating func readGroup(_ bytes: borrowing MutableSpan<UInt8>, _ rest: Range<Int>) -> Int? {
        guard last != .group, groups < 8 else { return nil }
        last = .group
        var end = rest.lowerBound
        while end < rest.upperBound, ASCII.hexValue(bytes[end]) != nil { end += 1 }
        if end < rest.upperBound, bytes[end] == ASCII.dot {
            groups += 2
            return Self.isIPv4(bytes, rest) ? rest.upperBound : nil
        }
        groups += 1
        return (1...4).contains(end - rest.lowerBound) ? end : nil
    }

    /// Four decimal numbers up to 255 without leading zeros.
    private static func isIPv4(_ bytes: borrowing MutableSpan<UInt8>, _ range: Range<Int>) -> Bool {
        var octets = 0
        var offset = range.lowerBound
        while offset < range.upperBound, octets < 4 {
            guard let end = endOfOctet(bytes, offset..<range.upperBound) else { return false }
            octets += 1
            if end == range.upperBound { return octets == 4 }
            guard bytes[end] == ASCII.dot else { return false }
            offset = end + 1
        }
        return false
    }

    private static func endOfOctet(_ bytes: borrowing MutableSpan<UInt8>, _ range: Range<Int>) -> Int? {
        var number = 0
        var end = range.lowerBound
        while end < range.upperBound, end - range.lowerBound < 3, ASCII.isDigit(bytes[end]) {
            number = number * 10 + Int(bytes[end] - ASCII.zero)
            end += 1
        }
        let length = end - range.lowerBound
        return length > 0 && number <= 255 && (length == 1 || bytes[range.lowerBound] != ASCII.zero) ? end : nil
    }
}
