/// Every key of the table with the keys above it.
enum KeyIndex {
    /// Stands for a name of the operator's choice in `KeyIndexEntry.components`.
    static let namePlaceholder = "NAME"

    struct Entry: Sendable {
        /// Such as `["tlsProfiles", "NAME", "clientCertificates", "mode"]`; lists add nothing.
        var components: [String]
        var row: FieldRow

        var path: String { components.joined(separator: ".") }
    }

    /// In the order of the table, each key before those below it.
    static let all: [Entry] = entries(RootSection.type.shape, [])

    private static func entries(_ shape: Shape, _ above: [String]) -> [Entry] {
        switch shape {
        case .scalar: []
        case .list(let element, _), .oneOrMore(let element, _): entries(element, above)
        case .named(let element, _, _): entries(element, above + [namePlaceholder])
        case .either(_, let other): entries(other, above)
        case .record(let record):
            record.fields.flatMap { row in
                [Entry(components: above + [row.name], row: row)] + entries(row.shape, above + [row.name])
            }
        }
    }

    /// Where else a key of this name is known, nearest to `path` first. The parent is as one would name it from there.
    static func places(of key: String, near path: KeyPath) -> [(key: String, parent: String)] {
        let here = path.text.split { $0 == "." || $0 == "[" }.map(String.init).filter { !$0.hasSuffix("]") }
        let wanted = folded(key)
        return all.enumerated()
            .filter { folded($0.element.row.name) == wanted }
            .map { (offset: $0.offset, entry: $0.element, common: common(here, $0.element.components)) }
            .sorted { ($1.common, $0.offset) < ($0.common, $1.offset) }
            .map { ($0.entry.row.name, parent($0.entry, here, $0.common)) }
    }

    private static func parent(_ entry: Entry, _ here: [String], _ common: Int) -> String {
        let above = entry.components.dropLast()
        if above.isEmpty { return "the top level" }
        let isBelow = common == here.count && above.count > common
        return "`" + (isBelow ? above.dropFirst(common) : above).joined(separator: ".") + "`"
    }

    private static func common(_ here: [String], _ components: [String]) -> Int {
        zip(here, components).prefix { $0 == $1 || $1 == namePlaceholder }.count
    }

    private static func folded(_ key: String) -> String {
        key.lowercased().filter { $0 != "_" && $0 != "-" }
    }
}

extension KeyIndex {
    /// Every mapping of the table, the top level first.
    static var records: [RecordShape] {
        ([RootSection.type.shape] + all.map(\.row.shape)).compactMap(KeyExplanation.record)
    }
}
