import SallyportModel

extension ValueType {
    /// A mapping with keys of the table.
    ///
    /// Unknown and missing keys and broken rules are reported here, whatever `build` reads.
    static func record(
        _ noun: String, _ fields: [FieldRow], rules: [RecordRule] = [],
        build: @escaping @Sendable (RecordReader) -> Value?
    ) -> ValueType {
        let shape = RecordShape(noun: noun, fields: fields, rules: rules)
        return ValueType(shape: .record(shape)) { node, path, session in
            guard case .mapping(let entries) = node.content else {
                session.report(
                    .wrongType, "expected \(Shape.record(shape).words), found \(node.kindInWords)", at: node.span,
                    path: path)
                return nil
            }
            let errors = session.errorCount
            let strangers = RecordReader.strangers(entries, shape, path, session)
            let reader = RecordReader(
                shape: shape, entries: entries, span: node.span, path: path, session: session, meant: strangers,
                errorsBefore: errors)
            reader.reportMissing()
            reader.reportBrokenRules()
            return build(reader)
        } text: { _ in
            "{}"
        }
    }
}

/// The keys of one mapping, being read.
struct RecordReader {
    let shape: RecordShape
    let entries: [DocumentNode.Entry]
    let span: Span
    let path: KeyPath
    let session: LoadSession
    /// Keys that are there under a misspelt name, so that they are not reported as missing too.
    fileprivate let meant: Set<String>
    fileprivate let errorsBefore: Int

    /// Whether nothing about this mapping has been reported as an error so far.
    var isSound: Bool { session.errorCount == errorsBefore }

    /// The value with its place; nil when it is not there, or bad, which has been reported.
    subscript<Value>(field: Field<Value>) -> Located<Value>? {
        located(field.row, field.type)
    }

    /// The value or its default.
    subscript<Value>(field: DefaultedField<Value>) -> Value {
        located(field.row, field.type)?.value ?? field.defaultValue
    }

    func located<Value>(_ field: DefaultedField<Value>) -> Located<Value>? {
        located(field.row, field.type)
    }

    func has(_ name: String) -> Bool { entries.contains { $0.key == name } }

    private func located<Value>(_ row: FieldRow, _ type: ValueType<Value>) -> Located<Value>? {
        guard let entry = entries.first(where: { $0.key == row.name }) else { return nil }
        let inner = path.key(row.name)
        if entry.value.isNull {
            session.report(
                .emptyValue, "`\(row.name)` has no value", at: entry.keySpan, label: "nothing behind it",
                help: ["give \(type.shape.words)" + (row.isRequired ? "" : ", or remove the key")], path: inner)
            return nil
        }
        return type.decode(entry.value, inner, session)
            .map { Located(value: $0, span: entry.value.span, path: inner) }
    }

    /// Reports keys that are not known, and returns which known ones were probably meant.
    fileprivate static func strangers(
        _ entries: [DocumentNode.Entry], _ shape: RecordShape, _ path: KeyPath, _ session: LoadSession
    ) -> Set<String> {
        let known = shape.fields.map(\.name)
        var meant: Set<String> = []
        for entry in entries where !known.contains(entry.key) {
            let near = session.isKeeping ? Spelling.nearest(to: entry.key, among: known) : nil
            let help = session.isKeeping ? UnknownKey.help(entry.key, near: near, known: known, at: path) : []
            let whereabouts = path.text.isEmpty ? "at the top level" : "in \(path.text)"
            session.report(
                .unknownKey, "unknown key `\(entry.key)` \(whereabouts)", at: entry.keySpan, label: "not known here",
                help: help, path: path.key(entry.key))
            if let near { meant.insert(near) }
        }
        return meant
    }

    fileprivate func reportMissing() {
        for field in shape.fields where field.isRequired && !isMeant(field.name) {
            session.report(
                .missingKey, "\(shape.noun) needs `\(field.name)`", at: place, label: "`\(field.name)` is missing",
                help: ["`\(field.name)` is \(field.shape.words)"], path: path.key(field.name))
        }
    }

    fileprivate func reportBrokenRules() {
        for (words, place) in shape.rules.compactMap(problem) {
            session.report(.conflictingKeys, words, at: place, path: path.text.isEmpty ? nil : path)
        }
    }

    private func isMeant(_ name: String) -> Bool { has(name) || meant.contains(name) }

    private func problem(_ rule: RecordRule) -> (String, Span)? {
        switch rule {
        case .exactlyOne(let names):
            let present = entries.filter { names.contains($0.key) }
            if present.count == 1 || present.isEmpty && names.contains(where: isMeant) { return nil }
            let place = present.count > 1 ? present[1].keySpan : place
            return ("\(shape.noun) has \(rule.words), here \(present.isEmpty ? "none" : "\(present.count)")", place)
        case .atMostOne(let names):
            let present = entries.filter { names.contains($0.key) }
            guard present.count > 1 else { return nil }
            return ("\(shape.noun) has \(rule.words), here \(present.count)", present[1].keySpan)
        case .someOf(let names):
            if names.contains(where: isMeant) { return nil }
            return ("\(shape.noun) has \(rule.words), here none", place)
        case .allOrNone(let names):
            let present = entries.filter { names.contains($0.key) }
            let missing = names.filter { !isMeant($0) }.map { "`\($0)`" }.joined(separator: ", ")
            if present.isEmpty || missing.isEmpty { return nil }
            return ("`\(present[0].key)` needs \(missing) beside it", present[0].keySpan)
        case .atLeastOne:
            if !entries.isEmpty { return nil }
            return ("\(shape.noun) needs at least one key", place)
        }
    }

    /// Where to point for something about the mapping as a whole: its first key, or its bracket.
    private var place: Span {
        var bracket = span
        bracket.length = 1
        guard let first = entries.first, first.keySpan.line == span.line, first.keySpan.column == span.column else {
            return bracket
        }
        return first.keySpan
    }
}
