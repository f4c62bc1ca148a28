/// What may stand behind a key: the description from which the decoder's messages, the JSON Schema, `explain` and the
/// reference page are made.
indirect enum Shape: Sendable {
    case scalar(ScalarShape)
    case list(Shape, count: ClosedRange<Int>)
    /// A mapping from names of the operator's choice to one shape each; `noun` is what one of them is called, `pattern`
    /// what the names look like.
    case named(Shape, noun: String, pattern: String)
    case record(RecordShape)
    /// A single value or something else, told apart by whether it is a single value.
    case either(ScalarShape, Shape)

    /// One, or a list of them.
    case oneOrMore(Shape, count: ClosedRange<Int>)

    /// Follows "expected".
    var words: String {
        switch self {
        case .scalar(let scalar): scalar.words
        case .list(let element, _): "a list, each \(element.words)"
        case .named(_, let noun, _): "a mapping from names to \(Noun.plural(noun))"
        case .record(let record): "a mapping with the keys " + record.fields.map(\.name).joined(separator: ", ")
        case .either(let scalar, let other): "\(scalar.words), or \(other.words)"
        case .oneOrMore(let element, _): "\(element.words), or a list of these"
        }
    }
}

struct ScalarShape: Sendable {
    /// With its article: follows "expected".
    var words: String
    /// Such as `1s … 1h`; nil when there is none to speak of.
    var range: String?
    /// The only texts allowed; empty: not limited to a list.
    var choices: [String] = []
    /// ECMA 262 regular expression of the whole text, for JSON Schema.
    var pattern: String?
    /// As they stand in the file.
    var examples: [String] = []
    var json = JSONType.string
    /// Of an integer, for JSON Schema.
    var bounds: ClosedRange<Int>?
    /// The value is a reference to a secret, and a value that is none is never shown.
    var isSecret = false

    /// What editors must take for the value.
    enum JSONType: Sendable {
        case string
        /// Any single value is read as text: `2`, `true` and `1.10` as they stand.
        case text
        case integer
        case isTrue
    }
}

struct RecordShape: Sendable {
    /// With its article: `a route`.
    var noun: String
    var fields: [FieldRow]
    var rules: [RecordRule] = []
}

/// What holds between the keys of one mapping.
enum RecordRule: Sendable {
    case exactlyOne([String])
    case atMostOne([String])
    case someOf([String])
    case allOrNone([String])
    case atLeastOne

    var demandsAnyKey: Bool {
        if case .atLeastOne = self { true } else { false }
    }

    var words: String {
        switch self {
        case .exactlyOne(let names): "exactly one of " + names.map { "`\($0)`" }.joined(separator: ", ")
        case .atMostOne(let names): "at most one of " + names.map { "`\($0)`" }.joined(separator: ", ")
        case .someOf(let names): "at least one of " + names.map { "`\($0)`" }.joined(separator: ", ")
        case .allOrNone(let names): names.map { "`\($0)`" }.joined(separator: " and ") + " only together"
        case .atLeastOne: "at least one key"
        }
    }
}

/// One row of the table of fields.
struct FieldRow: Sendable {
    var name: String
    var shape: Shape
    var isRequired: Bool
    /// As it would stand in the file; nil when there is no default.
    var defaultText: String?
    /// One sentence on what the key does.
    var summary: String
    /// One sentence on what can go wrong by setting it.
    var danger: String?
    /// The configuration version that brought it.
    var since = 1
}

/// English around the names of things.
enum Noun {
    static func plural(_ noun: String) -> String {
        noun.hasSuffix("y") ? noun.dropLast() + "ies" : noun + "s"
    }

    static func withArticle(_ noun: String) -> String {
        (noun.first.map { "aeiou".contains($0) } ?? false ? "an " : "a ") + noun
    }
}
