/// A text to look for in others, prepared so that a search looks at each byte a bounded number of times (Knuth, Morris
/// and Pratt): an attacker who chooses the other text cannot make it slow.
struct BytePattern: Sendable, Hashable {
    let bytes: [UInt8]
    /// For each length of a match, the length of the longest shorter match that it ends with.
    private let fallback: [Int]

    init(_ bytes: some Sequence<UInt8>) {
        self.bytes = Array(bytes)
        var fallback = [Int](repeating: 0, count: self.bytes.count)
        var length = 0
        for index in self.bytes.indices.dropFirst() {
            while length > 0, self.bytes[index] != self.bytes[length] { length = fallback[length - 1] }
            if self.bytes[index] == self.bytes[length] { length += 1 }
            fallback[index] = length
        }
        self.fallback = fallback
    }

    /// Where the first match at or behind `start` ends; nil for none. The empty pattern matches at once.
    func end(in text: Span<UInt8>, from start: Int = 0) -> Int? {
        var comparisons = 0
        return end(in: text, from: start, counting: &comparisons)
    }

    /// - Parameter comparisons: grows by at most twice the number of bytes that are searched.
    func end(in text: Span<UInt8>, from start: Int, counting comparisons: inout Int) -> Int? {
        guard !bytes.isEmpty else { return start }
        var length = 0
        for index in start..<text.count {
            comparisons += 1
            while length > 0, text[index] != bytes[length] {
                length = fallback[length - 1]
                comparisons += 1
            }
            if text[index] == bytes[length] { length += 1 }
            if length == bytes.count { return index + 1 }
        }
        return nil
    }
}
