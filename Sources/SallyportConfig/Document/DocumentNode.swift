/// A value of a document as it stands there: texts, lists and mappings, with places and without types. Types come from
/// the table of fields.
struct DocumentNode: Sendable {
    indirect enum Content: Sendable {
        /// Plain is without quotes; `null`, `~` and nothing at all are plain.
        case text(String, isPlain: Bool)
        case list([DocumentNode])
        case mapping([Entry])
    }

    struct Entry: Sendable {
        var key: String
        var keySpan: Span
        var value: DocumentNode
    }

    var content: Content
    var span: Span
    /// How many values stand here, itself and aliases written out included.
    var weight: Int

    /// Whether no value is given: nothing, `~` or `null` without quotes.
    var isNull: Bool {
        guard case .text(let text, isPlain: true) = content else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }

    /// What people call it: follows "found".
    var kindInWords: String {
        switch content {
        case .text: isNull ? "nothing" : "a single value"
        case .list: "a list"
        case .mapping: "a mapping"
        }
    }
}

/// Bounds on a document and on all documents of one load together.
enum DocumentLimits {
    static let bytes = 4 << 20
    static let files = 256
    static let includeDepth = 8
    static let nodes = 100_000
    static let depth = 32
}
