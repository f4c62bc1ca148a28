/// The elements of a comma-separated list, blanks trimmed and empty elements skipped (RFC 9110 §5.6.1). Elements are
/// not looked into, so this is for lists of tokens, where a quoted comma is an error anyway.
struct ListReader {
    private var rest: Range<Int>
    /// Whether an empty element was skipped.
    private(set) var sawEmpty = false

    init(_ value: Range<Int>) { rest = value }

    mutating func next(in bytes: RawSpan) -> Range<Int>? {
        while !rest.isEmpty {
            var comma = rest.lowerBound
            while comma < rest.upperBound, bytes.byte(comma) != ASCII.comma { comma += 1 }
            let element = bytes.trimmed(rest.lowerBound..<comma)
            let isLast = comma == rest.upperBound
            rest = (isLast ? comma : comma + 1)..<rest.upperBound
            if !isLast && rest.isEmpty { sawEmpty = true }
            if !element.isEmpty { return element }
            sawEmpty = true
        }
        return nil
    }
}

extension RawSpan {
    func trimmed(_ range: Range<Int>) -> Range<Int> {
        var start = range.lowerBound
        var end = range.upperBound
        while start < end, ASCII.isBlank(byte(start)) { start += 1 }
        while end > start, ASCII.isBlank(byte(end - 1)) { end -= 1 }
        return start..<end
    }

    /// token of RFC 9110 §5.6.2: at least one tchar.
    func isToken(_ range: Range<Int>) -> Bool {
        for offset in range where !ByteSet.token.contains(byte(offset)) { return false }
        return !range.isEmpty
    }
}
