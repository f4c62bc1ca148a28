/// The length of a message, decided from its fields (RFC 9112 §6). Where two readers could disagree, it is refused.
enum Framing {
    /// The value of the one Content-Length field, or nil when there is none.
    static func contentLength(_ section: FieldSection, _ bytes: RawSpan) throws(Malformation) -> UInt64? {
        guard section.contentLength.count > 0 else { return nil }
        guard section.contentLength.count == 1 else { throw .ambiguousFraming }
        guard let length = decimal(section.value(section.contentLength), in: bytes) else { throw .contentLength }
        return length
    }

    /// 1*DIGIT that fits into 63 bits, in at most 20 digits; nil for everything else.
    static func decimal(_ range: Range<Int>, in bytes: RawSpan) -> UInt64? {
        guard (1...20).contains(range.count) else { return nil }
        var number: UInt64 = 0
        for offset in range {
            let byte = bytes.byte(offset)
            guard ASCII.isDigit(byte), number <= (UInt64(Int64.max) - 9) / 10 else { return nil }
            number = number * 10 + UInt64(byte - ASCII.zero)
        }
        return number
    }

    /// Whether the message is chunked. Every Transfer-Encoding but a single `chunked` is refused.
    static func isChunked(
        _ section: FieldSection, _ bytes: RawSpan, version: HTTPVersion
    ) throws(Malformation) -> Bool {
        guard section.transferEncoding.count > 0 else { return false }
        guard section.transferEncoding.count == 1, section.contentLength.count == 0, version == .http11 else {
            throw .ambiguousFraming
        }
        try checkCodings(section.value(section.transferEncoding), bytes)
        return true
    }

    private static func checkCodings(_ value: Range<Int>, _ bytes: RawSpan) throws(Malformation) {
        var list = ListReader(value)
        var count = 0
        var others = 0
        var lastIsChunked = false
        while let coding = list.next(in: bytes) {
            guard bytes.isToken(coding), !lastIsChunked else { throw .transferEncoding }
            count += 1
            lastIsChunked = bytes.matches(coding, "chunked")
            if !lastIsChunked { others += 1 }
        }
        guard count > 0, !list.sawEmpty else { throw .transferEncoding }
        guard others == 0 else { throw .transferCoding }
    }
}
