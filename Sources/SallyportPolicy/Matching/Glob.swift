/// A pattern in which `*` stands for any number of bytes and everything else for itself. Matching takes time linear in
/// the text: each piece between two stars is taken where it comes first.
struct Glob: Sendable, Hashable {
    private let prefix: [UInt8]
    private let middle: [BytePattern]
    /// Nil when there is no star, so that the prefix is the whole.
    private let suffix: [UInt8]?

    init(_ pattern: [UInt8]) {
        let pieces = pattern.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false).map { Array($0) }
        prefix = pieces.first ?? []
        suffix = pieces.count > 1 ? pieces.last : nil
        middle = pieces.dropFirst().dropLast().filter { !$0.isEmpty }.map { BytePattern($0) }
    }

    func matches(_ text: Span<UInt8>) -> Bool {
        guard let suffix else { return text.isEqual(to: prefix.span) }
        guard text.count >= prefix.count + suffix.count, text.starts(with: prefix.span), text.ends(with: suffix.span)
        else { return false }
        let inner = text.extracting(..<(text.count - suffix.count))
        var position = prefix.count
        for piece in middle {
            guard let end = piece.end(in: inner, from: position) else { return false }
            position = end
        }
        return true
    }
}

extension Span<UInt8> {
    func isEqual(to other: Span<UInt8>) -> Bool {
        count == other.count && starts(with: other)
    }

    func starts(with prefix: Span<UInt8>) -> Bool {
        guard count >= prefix.count else { return false }
        for index in prefix.indices where self[index] != prefix[index] { return false }
        return true
    }

    func ends(with suffix: Span<UInt8>) -> Bool {
        guard count >= suffix.count else { return false }
        let start = count - suffix.count
        for index in suffix.indices where self[start + index] != suffix[index] { return false }
        return true
    }
}
