/// Brings a path into normal form (RFC 3986 §6.2.2) in place: it never grows.
///
/// Escapes of unreserved characters are decoded, other escapes get upper-case digits, `.` and `..` segments are
/// resolved and empty segments merged. What servers are known to disagree about is refused: escaped or raw
/// backslashes, escaped slashes and control characters, broken escapes, `..` above the root, and dot segments with
/// parameters (`/..;/`), which some servers resolve and others do not.
struct PathNormalizer {
    private let start: Int
    private let end: Int
    private var read: Int
    private var write: Int
    private var segmentStart: Int

    /// Normalises the bytes of `range`, which begin with "/".
    /// - Returns: where the path ends now.
    static func normalize(_ bytes: inout MutableSpan<UInt8>, _ range: Range<Int>) throws(Malformation) -> Int {
        guard !range.isEmpty, bytes[range.lowerBound] == ASCII.slash else { throw .path }
        var normalizer = PathNormalizer(range)
        try normalizer.run(&bytes)
        return normalizer.write
    }

    private init(_ range: Range<Int>) {
        start = range.lowerBound
        end = range.upperBound
        read = start + 1
        write = start + 1
        segmentStart = write
    }

    private mutating func run(_ bytes: inout MutableSpan<UInt8>) throws(Malformation) {
        while read < end {
            let byte = bytes[read]
            if ByteSet.segment.contains(byte) {
                bytes[write] = byte
                read += 1
                write += 1
            } else if byte == ASCII.slash {
                read += 1
                try closeSegment(&bytes, isLast: false)
            } else if byte == ASCII.percent {
                try copyEscape(&bytes)
            } else {
                throw .path
            }
        }
        try closeSegment(&bytes, isLast: true)
    }

    private mutating func copyEscape(_ bytes: inout MutableSpan<UInt8>) throws(Malformation) {
        guard read + 2 < end, let high = ASCII.hexValue(bytes[read + 1]), let low = ASCII.hexValue(bytes[read + 2])
        else { throw .path }
        let value = high << 4 | low
        guard value >= 0x20, value != 0x7F, value != ASCII.slash, value != ASCII.backslash else { throw .path }
        read += 3
        if ByteSet.unreserved.contains(value) {
            bytes[write] = value
            write += 1
        } else {
            bytes[write] = ASCII.percent
            bytes[write + 1] = ASCII.hexDigit(high)
            bytes[write + 2] = ASCII.hexDigit(low)
            write += 3
        }
    }

    private mutating func closeSegment(_ bytes: inout MutableSpan<UInt8>, isLast: Bool) throws(Malformation) {
        let dots = leadingDots(bytes)
        let length = write - segmentStart
        if (1...2).contains(dots), dots < length, bytes[segmentStart + dots] == ASCII.semicolon { throw .path }
        if length == dots, dots <= 2 {
            write = segmentStart
            if dots == 2 { try removeLastSegment(bytes) }
        } else if !isLast {
            bytes[write] = ASCII.slash
            write += 1
        }
        segmentStart = write
    }

    private func leadingDots(_ bytes: borrowing MutableSpan<UInt8>) -> Int {
        var offset = segmentStart
        while offset < write, bytes[offset] == ASCII.dot { offset += 1 }
        return offset - segmentStart
    }

    /// Goes back over the slash that ends the segment before, and to the slash that begins it.
    private mutating func removeLastSegment(_ bytes: borrowing MutableSpan<UInt8>) throws(Malformation) {
        guard write > start + 1 else { throw .path }
        write -= 1
        while bytes[write - 1] != ASCII.slash { write -= 1 }
    }
}
