/// Reads DER by position in one array: for long lists, where a slice for each element would cost more than the element.
///
/// As strict as `DERCursor`, but with lengths up to four bytes.
struct DERScanner {
    struct Element {
        let tag: UInt8
        /// Where the tag stands.
        let start: Int
        let content: Range<Int>
    }

    let bytes: [UInt8]
    private(set) var position: Int
    let end: Int

    init(_ bytes: [UInt8]) { self.init(bytes, 0..<bytes.count) }

    /// - Parameter range: lies inside of `bytes`.
    init(_ bytes: [UInt8], _ range: Range<Int>) {
        self.bytes = bytes
        position = range.lowerBound
        end = range.upperBound
    }

    var isAtEnd: Bool { position == end }
    var nextTag: UInt8? { position < end ? bytes[position] : nil }

    mutating func next() throws(DERFailure) -> Element {
        guard end - position >= 2, bytes[position] & 0x1f != 0x1f else { throw DERFailure() }
        var cursor = position + 2
        let first = bytes[position + 1]
        var length = Int(first)
        if first & 0x80 != 0 {
            let count = Int(first & 0x7f)
            guard (1...4).contains(count), end - cursor >= count else { throw DERFailure() }
            length = 0
            for index in cursor..<(cursor + count) { length = length << 8 | Int(bytes[index]) }
            cursor += count
            guard length >= 0x80, length >> (8 * (count - 1)) != 0 else { throw DERFailure() }
        }
        guard length <= end - cursor else { throw DERFailure() }
        let element = Element(tag: bytes[position], start: position, content: cursor..<(cursor + length))
        position = cursor + length
        return element
    }

    mutating func next(tag: UInt8) throws(DERFailure) -> Element {
        guard nextTag == tag else { throw DERFailure() }
        return try next()
    }

    mutating func nextIfPresent(tag: UInt8) throws(DERFailure) -> Element? {
        nextTag == tag ? try next() : nil
    }

    func inside(_ element: Element) -> DERScanner { DERScanner(bytes, element.content) }
    func content(_ element: Element) -> ArraySlice<UInt8> { bytes[element.content] }
    /// Tag and length included.
    func encoded(_ element: Element) -> ArraySlice<UInt8> { bytes[element.start..<element.content.upperBound] }
}
