import SallyportModel

/// The regular fields of a section, checked as RFC 9113 §8.2 asks and written one under the other as `name: value` lines,
/// which is the form that heads have in here.
struct HTTP2FieldLines {
    private(set) var bytes: [UInt8] = []
    private(set) var count = 0
    private let limits: HTTPLimits
    private let isTrailer: Bool
    /// Where the field lines begin.
    private var start = 0
    /// The crumbs of Cookie (§8.2.3), joined again as HTTP/1.1 knows them.
    private var cookie: [UInt8] = []

    init(limits: HTTPLimits, isTrailer: Bool) {
        self.limits = limits
        self.isTrailer = isTrailer
    }

    /// Puts in front of the lines what is no line. To be called before the first of them.
    mutating func begin(with prefix: [UInt8], capacity: Int) {
        bytes.reserveCapacity(prefix.count + capacity)
        bytes += prefix
        start = prefix.count
    }

    /// - Parameters:
    ///   - name: as the peer sent it; without the colon of a pseudo-header field.
    mutating func add(_ name: String, _ value: String) throws(HTTP2Fault) {
        let lineStart = bytes.count
        try appendName(name)
        let nameEnd = bytes.count
        guard !Self.isOfConnection(bytes.span.bytes, lineStart..<nameEnd) else {
            throw .malformed(.malformedHTTP2Fields)
        }
        bytes.append(": ")
        try appendValue(value)
        if !isTrailer, isCookie(lineStart..<nameEnd) { return try takeCrumb(from: lineStart, valueStart: nameEnd + 2) }
        if bytes.span.bytes.equals(lineStart..<nameEnd, "te"), !isTrailers(from: nameEnd + 2) {
            throw .malformed(.malformedHTTP2Fields)
        }
        try endLine(from: lineStart)
    }

    /// A line of which the name is known to be good, as for `:authority`.
    mutating func addHost(_ authority: String) throws(HTTP2Fault) {
        let lineStart = bytes.count
        bytes.append("host: ")
        try appendValue(authority)
        try endLine(from: lineStart)
    }

    /// Ends the section with its empty line.
    mutating func finish() throws(HTTP2Fault) {
        if !cookie.isEmpty {
            let lineStart = bytes.count
            bytes.append("cookie: ")
            bytes += cookie
            try endLine(from: lineStart)
        }
        bytes.append("\r\n")
    }

    private mutating func endLine(from lineStart: Int) throws(HTTP2Fault) {
        count += 1
        guard count <= limits.headerCount else {
            throw .refused(isTrailer ? .trailersTooLarge : .tooManyHeaders)
        }
        let isTooLarge = bytes.count - lineStart > limits.fieldLine || bytes.count + 2 - start > limits.headers
        guard !isTooLarge else { throw .refused(isTrailer ? .trailersTooLarge : .headersTooLarge) }
        bytes.append("\r\n")
    }

    // MARK: checks

    /// A token without upper-case letters (§8.2.1).
    private mutating func appendName(_ name: String) throws(HTTP2Fault) {
        let text = name.utf8
        guard !text.isEmpty else { throw .malformed(.malformedHTTP2Fields) }
        for byte in text {
            guard ByteSet.token.contains(byte), byte &- 0x41 >= 26 else { throw .malformed(.malformedHTTP2Fields) }
            bytes.append(byte)
        }
    }

    /// No control character but TAB, and no white space at the ends (§8.2.1, RFC 9110 §5.5). The decoder has put U+FFFD
    /// in place of what is not UTF-8: what such a value was nobody can tell any more, so it is refused.
    private mutating func appendValue(_ value: String) throws(HTTP2Fault) {
        let start = bytes.count
        bytes.append(contentsOf: value.utf8)
        guard bytes.count > start else { return }
        let raw = bytes.span.bytes
        let isGood =
            raw.firstControl(from: start) == bytes.count && !ASCII.isBlank(raw.byte(start))
            && !ASCII.isBlank(raw.byte(bytes.count - 1)) && !Self.hasReplacement(raw, from: start)
        guard isGood else { throw .malformed(.malformedHTTP2Fields) }
    }

    private static func hasReplacement(_ bytes: RawSpan, from start: Int) -> Bool {
        var offset = start
        while offset + 3 <= bytes.byteCount {
            if bytes.byte(offset) == 0xEF, bytes.byte(offset + 1) == 0xBF, bytes.byte(offset + 2) == 0xBD {
                return true
            }
            offset &+= 1
        }
        return false
    }

    /// Fields of a connection have no place in HTTP/2 (§8.2.2).
    private static func isOfConnection(_ bytes: RawSpan, _ name: Range<Int>) -> Bool {
        switch name.count {
        case 7: bytes.equals(name, "upgrade")
        case 10: bytes.equals(name, "connection") || bytes.equals(name, "keep-alive")
        case 16: bytes.equals(name, "proxy-connection")
        case 17: bytes.equals(name, "transfer-encoding")
        default: false
        }
    }

    /// The one value that TE may have (§8.2.2).
    private func isTrailers(from valueStart: Int) -> Bool {
        bytes.span.bytes.matches(valueStart..<bytes.count, "trailers")
    }

    // MARK: cookies

    private func isCookie(_ name: Range<Int>) -> Bool { bytes.span.bytes.equals(name, "cookie") }

    private mutating func takeCrumb(from lineStart: Int, valueStart: Int) throws(HTTP2Fault) {
        if !cookie.isEmpty { cookie.append("; ") }
        cookie += bytes[valueStart...]
        bytes.removeSubrange(lineStart...)
        guard cookie.count <= limits.fieldLine else { throw .refused(.headersTooLarge) }
    }
}
