/// The target of a request in one of the forms of RFC 9112 §3.2, normalised in place.
struct RequestTarget {
    let path: Range<Int>
    let query: Range<Int>?
    /// Only in absolute form.
    let authority: Authority?
    /// The port of the scheme; only in absolute form.
    let defaultPort: UInt16?

    /// - Parameter range: the target; a byte stands behind it (the space before the version), which the path may take.
    init(_ bytes: inout MutableSpan<UInt8>, _ range: Range<Int>, method: Method) throws(Malformation) {
        if bytes[range.lowerBound] == ASCII.slash {
            (path, query) = try Self.pathAndQuery(&bytes, range)
            (authority, defaultPort) = (nil, nil)
        } else if range.count == 1, bytes[range.lowerBound] == ASCII.asterisk {
            guard method == .options else { throw .target }
            (path, query, authority, defaultPort) = (range, nil, nil, nil)
        } else {
            let scheme = try Scheme(bytes, range)
            let start = range.lowerBound + scheme.length
            let end = Self.endOfAuthority(bytes, start..<range.upperBound)
            authority = try Authority(&bytes, start..<end)
            defaultPort = scheme.port
            (path, query) = try Self.absolutePath(&bytes, end..<range.upperBound, method: method)
        }
    }

    private static func pathAndQuery(
        _ bytes: inout MutableSpan<UInt8>, _ range: Range<Int>
    ) throws(Malformation) -> (Range<Int>, Range<Int>?) {
        var pathEnd = range.lowerBound
        while pathEnd < range.upperBound, bytes[pathEnd] != ASCII.question {
            guard bytes[pathEnd] != ASCII.hash else { throw .target }
            pathEnd += 1
        }
        let query = try query(bytes, from: pathEnd, to: range.upperBound)
        let end = try PathNormalizer.normalize(&bytes, range.lowerBound..<pathEnd)
        return (range.lowerBound..<end, query)
    }

    /// Everything visible but "#": the gateway does not look into queries, it passes them on.
    private static func query(
        _ bytes: borrowing MutableSpan<UInt8>, from questionMark: Int, to end: Int
    ) throws(Malformation) -> Range<Int>? {
        guard questionMark < end else { return nil }
        for offset in questionMark + 1..<end where bytes[offset] == ASCII.hash { throw .target }
        return questionMark + 1..<end
    }

    /// An empty path means "/", and "*" for OPTIONS (RFC 9112 §3.2.4). It is written over the byte that stands where
    /// it is missing: the question mark, or the space behind the target.
    private static func absolutePath(
        _ bytes: inout MutableSpan<UInt8>, _ range: Range<Int>, method: Method
    ) throws(Malformation) -> (Range<Int>, Range<Int>?) {
        let start = range.lowerBound
        if !range.isEmpty, bytes[start] == ASCII.slash { return try pathAndQuery(&bytes, range) }
        guard range.isEmpty || bytes[start] == ASCII.question else { throw .target }
        let query = try query(bytes, from: start, to: range.upperBound)
        bytes[start] = method == .options && query == nil ? ASCII.asterisk : ASCII.slash
        return (start..<start + 1, query)
    }

    private static func endOfAuthority(_ bytes: borrowing MutableSpan<UInt8>, _ range: Range<Int>) -> Int {
        for offset in range {
            let byte = bytes[offset]
            if byte == ASCII.slash || byte == ASCII.question || byte == ASCII.hash { return offset }
        }
        return range.upperBound
    }

    private struct Scheme {
        let length: Int
        let port: UInt16

        init(_ bytes: borrowing MutableSpan<UInt8>, _ range: Range<Int>) throws(Malformation) {
            let text = bytes.span.bytes
            if range.count >= 7, text.matches(range.lowerBound..<range.lowerBound + 7, "http://") {
                (length, port) = (7, 80)
            } else if range.count >= 8, text.matches(range.lowerBound..<range.lowerBound + 8, "https://") {
                (length, port) = (8, 443)
            } else {
                throw .target
            }
        }
    }
}
