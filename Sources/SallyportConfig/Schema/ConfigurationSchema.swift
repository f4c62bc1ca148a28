/// JSON Schema 2020-12 of the configuration, for editors: `sallyport schema`.
///
/// Editors read YAML as YAML, so where the loader takes any single value as text, the schema takes numbers and
/// booleans as well. What it accepts beyond that, only the loader can refuse: files, references, routes.
package enum ConfigurationSchema {
    package static func json() -> String {
        guard case .object(let members) = schema(RootSection.type.shape) else { return "{}" }
        let head: [JSONValue.Member] = [
            .init("$schema", .string("https://json-schema.org/draft/2020-12/schema")),
            .init("title", .string("Sallyport configuration")),
        ]
        return JSONValue.object(head + members).pretty + "\n"
    }

    private static func schema(_ shape: Shape) -> JSONValue {
        switch shape {
        case .scalar(let scalar): self.scalar(scalar)
        case .list(let element, let count):
            .members([
                "type": .string("array"), "items": schema(element), "minItems": .integer(count.lowerBound),
                "maxItems": .integer(count.upperBound),
            ])
        case .named(let element, _, let pattern):
            .members([
                "type": .string("object"), "propertyNames": .members(["pattern": .string("^\(pattern)$")]),
                "additionalProperties": schema(element),
            ])
        case .either(let scalar, let other):
            .members(["anyOf": .array([self.scalar(scalar), schema(other)])])
        case .oneOrMore(let element, let count):
            .members(["anyOf": .array([schema(element), schema(.list(element, count: count))])])
        case .record(let record): self.record(record)
        }
    }

    private static func scalar(_ scalar: ScalarShape) -> JSONValue {
        switch scalar.json {
        case .isTrue: return .members(["const": .bool(true)])
        case .integer:
            return .members([
                "type": .string("integer"), "minimum": scalar.bounds.map { .integer($0.lowerBound) },
                "maximum": scalar.bounds.map { .integer($0.upperBound) },
            ])
        case .text:
            return .members(["type": .strings(["string", "number", "boolean"]), "examples": examples(scalar)])
        case .string:
            if !scalar.choices.isEmpty { return .members(["enum": .strings(scalar.choices)]) }
            return .members([
                "type": .string("string"), "pattern": scalar.pattern.map { .string("^(\($0))$") },
                "examples": examples(scalar),
            ])
        }
    }

    private static func examples(_ scalar: ScalarShape) -> JSONValue? {
        scalar.examples.isEmpty ? nil : .strings(scalar.examples.map { $0.filter { $0 != "\"" } })
    }

    private static func record(_ record: RecordShape) -> JSONValue {
        let required = record.fields.filter(\.isRequired).map(\.name)
        return .members([
            "type": .string("object"),
            "properties": .object(record.fields.map { .init($0.name, described($0)) }),
            "required": required.isEmpty ? nil : .strings(required),
            "additionalProperties": .bool(false),
            "minProperties": record.rules.contains(where: \.demandsAnyKey) ? .integer(1) : nil,
            "oneOf": oneOf(record.rules),
            "anyOf": anyOf(record.rules),
            "not": not(record.rules),
            "dependentRequired": dependentRequired(record.rules),
        ])
    }

    private static func described(_ row: FieldRow) -> JSONValue {
        guard case .object(let members) = schema(row.shape) else { return .object([]) }
        let words = [row.summary, row.defaultText.map { "Default: \($0)." }, row.danger.map { "Danger: \($0)" }]
        return .object([.init("description", .string(words.compactMap(\.self).joined(separator: " ")))] + members)
    }

    private static func oneOf(_ rules: [RecordRule]) -> JSONValue? {
        for case .exactlyOne(let names) in rules {
            return .array(names.map { .members(["required": .strings([$0])]) })
        }
        return nil
    }

    private static func anyOf(_ rules: [RecordRule]) -> JSONValue? {
        for case .someOf(let names) in rules {
            return .array(names.map { .members(["required": .strings([$0])]) })
        }
        return nil
    }

    /// No two of them.
    private static func not(_ rules: [RecordRule]) -> JSONValue? {
        for case .atMostOne(let names) in rules {
            let pairs = names.enumerated().flatMap { index, first in names[(index + 1)...].map { [first, $0] } }
            return .members(["anyOf": .array(pairs.map { .members(["required": .strings($0)]) })])
        }
        return nil
    }

    private static func dependentRequired(_ rules: [RecordRule]) -> JSONValue? {
        for case .allOrNone(let names) in rules {
            return .object(names.map { name in .init(name, .strings(names.filter { $0 != name })) })
        }
        return nil
    }
}

extension ConfigurationSchema {
    /// Keys that someone who wrote `keyPath` may have meant, best first, at most five.
    package static func suggestions(forKeyPath keyPath: String) -> [String] {
        KeyExplanation.suggestions(keyPath)
    }
}
