/// The first line of a request (RFC 9112 §3), split but not looked into: the target is still as sent.
struct RequestLine {
    let method: Range<Int>
    let kind: Method
    let target: Range<Int>
    let version: HTTPVersion
    /// The first byte after the line.
    let end: Int

    /// No method in use comes near this; a longer one is answered with 501 (RFC 9112 §3).
    private static let maximumMethod = 32

    init(_ bytes: RawSpan) throws(Malformation) {
        method = try Self.method(bytes)
        kind = Method(method, in: bytes)
        target = try Self.target(bytes, from: method.upperBound + 1)
        let versionStart = target.upperBound + 1
        version = try HTTPVersion.read(bytes, at: versionStart, otherwise: .requestLine)
        end = versionStart + HTTPVersion.length + 2
        try Self.checkLineEnd(bytes, end - 2)
        guard kind != .connect else { throw .method }
        guard kind != .trace else { throw .trace }
    }

    private static func method(_ bytes: RawSpan) throws(Malformation) -> Range<Int> {
        var end = 0
        while ByteSet.token.contains(bytes.byte(end)) { end += 1 }
        guard end > 0, bytes.byte(end) == ASCII.space else { throw .requestLine }
        guard end <= maximumMethod else { throw .method }
        return 0..<end
    }

    /// Visible ASCII up to the next space.
    private static func target(_ bytes: RawSpan, from start: Int) throws(Malformation) -> Range<Int> {
        var end = start
        while bytes.byte(end) &- 0x21 < 0x5E { end += 1 }
        let byte = bytes.byte(end)
        guard end > start else { throw .requestLine }
        guard byte != ASCII.carriageReturn, byte != ASCII.lineFeed else { throw .requestLine }
        guard byte == ASCII.space else { throw .target }
        return start..<end
    }

    private static func checkLineEnd(_ bytes: RawSpan, _ offset: Int) throws(Malformation) {
        guard offset < bytes.byteCount else { throw .requestLine }
        let byte = bytes.byte(offset)
        guard byte != ASCII.lineFeed else { throw .lineEnd }
        guard byte == ASCII.carriageReturn else { throw .requestLine }
        guard offset + 1 < bytes.byteCount, bytes.byte(offset + 1) == ASCII.lineFeed else { throw .lineEnd }
    }
}

/// `HTTP/1.1` and `HTTP/1.0` (RFC 9112 §2.3).
extension HTTPVersion {
    static let length = 8

    /// - Parameter fault: what to throw when there is no version at all.
    static func read(_ bytes: RawSpan, at start: Int, otherwise fault: Malformation) throws(Malformation) -> HTTPVersion {
        guard start + length <= bytes.byteCount, isName(bytes, start), ASCII.isDigit(bytes.byte(start + 5)),
            bytes.byte(start + 6) == ASCII.dot, ASCII.isDigit(bytes.byte(start + 7))
        else { throw fault }
        let minor = bytes.byte(start + 7) - ASCII.zero
        guard bytes.byte(start + 5) == UInt8(ascii: "1"), minor <= 1 else { throw .version }
        return minor == 1 ? .http11 : .http10
    }

    /// The name is case-sensitive.
    private static func isName(_ bytes: RawSpan, _ start: Int) -> Bool {
        bytes.byte(start) == UInt8(ascii: "H") && bytes.byte(start + 1) == UInt8(ascii: "T")
            && bytes.byte(start + 2) == UInt8(ascii: "T") && bytes.byte(start + 3) == UInt8(ascii: "P")
            && bytes.byte(start + 4) == ASCII.slash
    }
}

extension Method {
    init(_ name: Range<Int>, in bytes: RawSpan) {
        self = .other
        switch name.count {
        case 3:
            if bytes.equals(name, "GET") { self = .get } else if bytes.equals(name, "PUT") { self = .put }
        case 4:
            if bytes.equals(name, "POST") { self = .post } else if bytes.equals(name, "HEAD") { self = .head }
        case 5:
            if bytes.equals(name, "PATCH") { self = .patch } else if bytes.equals(name, "TRACE") { self = .trace }
        case 6:
            if bytes.equals(name, "DELETE") { self = .delete }
        case 7:
            if bytes.equals(name, "OPTIONS") {
                self = .options
            } else if bytes.equals(name, "CONNECT") {
                self = .connect
            }
        default: break
        }
    }
}
