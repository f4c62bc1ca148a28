/// The first line of a response (RFC 9112 §4).
struct StatusLine {
    let status: UInt16
    let reasonPhrase: Range<Int>
    let version: HTTPVersion
    /// The first byte after the line.
    let end: Int

    /// The space in front of an empty reason phrase may be missing: enough servers leave it out.
    init(_ bytes: RawSpan) throws(Malformation) {
        version = try HTTPVersion.read(bytes, at: 0, otherwise: .statusLine)
        let codeStart = HTTPVersion.length + 1
        guard bytes.byte(codeStart - 1) == ASCII.space else { throw .statusLine }
        status = try Self.status(bytes, at: codeStart)
        var start = codeStart + 3
        if bytes.byte(start) == ASCII.space {
            start += 1
        } else if bytes.byte(start) != ASCII.carriageReturn {
            throw .statusLine
        }
        let lineEnd = bytes.firstControl(from: start)
        guard lineEnd + 1 < bytes.byteCount, bytes.byte(lineEnd) == ASCII.carriageReturn,
            bytes.byte(lineEnd + 1) == ASCII.lineFeed
        else { throw .lineEnd }
        reasonPhrase = start..<lineEnd
        end = lineEnd + 2
    }

    /// Three digits, 100…599: what is beyond has no class to treat it as (RFC 9110 §15).
    private static func status(_ bytes: RawSpan, at start: Int) throws(Malformation) -> UInt16 {
        guard start + 3 < bytes.byteCount else { throw .statusLine }
        var status: UInt16 = 0
        for offset in start..<start + 3 {
            guard ASCII.isDigit(bytes.byte(offset)) else { throw .statusLine }
            status = status * 10 + UInt16(bytes.byte(offset) - ASCII.zero)
        }
        guard (100...599).contains(status) else { throw .statusLine }
        return status
    }
}
