import SallyportModel

/// What `sallyport explain KEY.PATH` prints about a configuration key; nil when there is no such key.
///
/// Letter case makes no difference, and keys are found with and without the names of one's own in between:
/// `tlsProfiles.strict.base`, `tlsProfiles.NAME.base` and `tlsProfiles.base` are the same key.
package func explain(keyPath: String) -> String? {
    KeyExplanation.entry(keyPath).map { KeyExplanation($0).text }
}

struct KeyExplanation {
    private let entry: KeyIndex.Entry

    init(_ entry: KeyIndex.Entry) {
        self.entry = entry
    }

    var text: String {
        var lines = ["\(entry.path)", "", "  \(entry.row.summary)", ""]
        lines += facts.map { "  " + $0.name + String(repeating: " ", count: 10 - $0.name.count) + $0.words }
        if !keys.isEmpty { lines += ["", "  keys"] + keys }
        return lines.joined(separator: "\n") + "\n"
    }

    private var facts: [(name: String, words: String)] {
        let row = entry.row
        let scalar = Self.scalar(row.shape)
        let examples = scalar?.choices.isEmpty == true ? scalar?.examples ?? [] : []
        let facts: [(String, String?)] = [
            ("type", row.shape.words),
            ("range", scalar?.range),
            ("required", row.isRequired ? "yes" : nil),
            ("default", row.isRequired ? nil : row.defaultText ?? Self.impliedDefault(row.shape)),
            ("danger", row.danger),
            ("examples", examples.isEmpty ? nil : examples.joined(separator: "   ")),
            ("rules", rules),
            ("since", "version \(row.since)"),
        ]
        return facts.compactMap { name, words in words.map { (name, $0) } }
    }

    /// Keys right below.
    private var keys: [String] {
        guard let record = Self.record(entry.row.shape) else { return [] }
        let width = record.fields.map(\.name.count).max() ?? 0
        return record.fields.map { row in
            "    " + row.name + String(repeating: " ", count: width - row.name.count + 2) + row.summary
        }
    }

    private var rules: String? {
        guard let record = Self.record(entry.row.shape), !record.rules.isEmpty else { return nil }
        return record.rules.map(\.words).joined(separator: "; ")
    }

    static func impliedDefault(_ shape: Shape) -> String {
        if case .record = shape { "the defaults of its keys" } else { "not set" }
    }

    /// The scalar that the shape comes down to, if it does.
    static func scalar(_ shape: Shape) -> ScalarShape? {
        switch shape {
        case .scalar(let scalar): scalar
        case .list(let element, _): scalar(element)
        default: nil
        }
    }

    /// The mapping whose keys stand below the key, behind names or a list.
    static func record(_ shape: Shape) -> RecordShape? {
        switch shape {
        case .record(let record): record
        case .list(let element, _): record(element)
        case .named(let element, _, _): record(element)
        default: nil
        }
    }
}

extension KeyExplanation {
    static func entry(_ keyPath: String) -> KeyIndex.Entry? {
        let wanted = parts(keyPath)
        guard !wanted.isEmpty else { return nil }
        return KeyIndex.all.first { matches(wanted[...], $0.components[...]) }
    }

    /// `routes[3].match` is `routes.match`.
    private static func parts(_ keyPath: String) -> [String] {
        keyPath.lowercased().split(separator: ".").map { String($0.prefix { $0 != "[" }) }.filter { !$0.isEmpty }
    }

    /// A placeholder takes one part, several (names may have dots in them), or none.
    private static func matches(_ wanted: ArraySlice<String>, _ known: ArraySlice<String>) -> Bool {
        guard let component = known.first else { return wanted.isEmpty }
        let rest = known.dropFirst()
        if component != KeyIndex.namePlaceholder {
            return wanted.first == component.lowercased() && matches(wanted.dropFirst(), rest)
        }
        return (0...wanted.count).contains { matches(wanted.dropFirst($0), rest) }
    }

    static func suggestions(_ keyPath: String) -> [String] {
        let wanted = parts(keyPath)
        guard let last = wanted.last else { return [] }
        let keys = Set(KeyIndex.all.map(\.row.name))
        let spelt = wanted.map { part in
            keys.first { $0.lowercased() == part } ?? Spelling.nearest(to: part, among: keys.sorted()) ?? part
        }
        let whole = entry(spelt.joined(separator: ".")).map { [$0.path] } ?? []
        let word = spelt.last ?? last
        let ends = KeyIndex.all.filter { $0.row.name.lowercased() == word.lowercased() }.map(\.path)
            .sorted { $0.count(where: { $0 == "." }) < $1.count(where: { $0 == "." }) }
        return Array((whole + ends.filter { !whole.contains($0) }).prefix(5))
    }
}
