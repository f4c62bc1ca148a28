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
                    help: ["known here: " + fields.map(\.name).joined(separator: ", ")], path: path)
                return nil
            }
            let reader = RecordReader(
                shape: shape, entries: entries, span: node.span, path: path, session: session)
            reader.reportStrangers()
            let isSound = reader.reportMissing() && reader.reportBrokenRules()
            let built = build(reader)
            return isSound ? built : nil
        } text: { _ in "{}" }
    }
}

/// The keys of one mapping, being read.
struct RecordReader {
    let shape: RecordShape
    let entries: [DocumentNode.Entry]
    let span: Span
    let path: KeyPath
    let session: LoadSession

    /// The value with its place; nil when it is not there, or bad, which has been reported.
    subscript<Value>(field: Field<Value>) -> Located<Value>? {
        located(field.row.name, field.type)
    }

    /// The value or its default.
    subscript<Value>(field: DefaultedField<Value>) -> Value {
        located(field.row.name, field.type)?.value ?? field.defaultValue
    }

    func located<Value>(_ field: DefaultedField<Value>) -> Located<Value>? {
        located(field.row.name, field.type)
    }

    func has(_ name: String) -> Bool { entries.contains { $0.key == name } }

    private func located<Value>(_ name: String, _ type: ValueType<Value>) -> Located<Value>? {
        guard let entry = entries.first(where: { $0.key == name }) else { return nil }
        let inner = path.key(name)
        if entry.value.isNull {
            session.report(
                .emptyValue, "`\(name)` has no value", at: entry.keySpan, label: "nothing behind it",
                help: ["give \(type.shape.words), or remove the key"], path: inner)
            return nil
        }
        return type.decode(entry.value, inner, session)
            .map { Located(value: $0, span: entry.value.span, path: inner) }
    }

    fileprivate func reportStrangers() {
        let known = shape.fields.map(\.name)
        for entry in entries where !known.contains(entry.key) {
            let whereabouts = path.text.isEmpty ? "at the top level" : "in \(path.text)"
            session.report(
                .unknownKey, "unknown key `\(entry.key)` \(whereabouts)", at: entry.keySpan, label: "not known here",
                help: UnknownKey.help(entry.key, known: known, at: path), path: path.key(entry.key))
        }
    }

    fileprivate func reportMissing() -> Bool {
        let missing = shape.fields.filter { $0.isRequired && !has($0.name) }
        for field in missing {
            session.report(
                .missingKey, "\(shape.noun) needs `\(field.name)`", at: place, label: "`\(field.name)` is missing",
                help: ["`\(field.name)` is \(field.shape.words)"], path: path.key(field.name))
        }
        return missing.isEmpty
    }

    fileprivate func reportBrokenRules() -> Bool {
        let broken = shape.rules.compactMap(problem)
        for (words, place) in broken {
            session.report(.conflictingKeys, words, at: place, path: path.text.isEmpty ? nil : path)
        }
        return broken.isEmpty
    }

    private func problem(_ rule: RecordRule) -> (String, Span)? {
        switch rule {
        case .exactlyOne(let names):
            let present = entries.filter { names.contains($0.key) }
            if present.count == 1 { return nil }
            let place = present.count > 1 ? present[1].keySpan : place
            return ("\(shape.noun) has \(rule.words), here \(present.isEmpty ? "none" : "\(present.count)")", place)
        case .allOrNone(let names):
            let present = entries.filter { names.contains($0.key) }
            if present.isEmpty || present.count == names.count { return nil }
            let missing = names.filter { !has($0) }.map { "`\($0)`" }.joined(separator: ", ")
            return ("`\(present[0].key)` needs \(missing) beside it", present[0].keySpan)
        case .atLeastOne:
            if !entries.isEmpty { return nil }
            return ("\(shape.noun) needs at least one key", place)
        }
    }

    /// Where to point for something about the mapping as a whole: its first key, or its bracket.
    private var place: Span {
        guard let first = entries.first, first.keySpan.line == span.line, first.keySpan.column == span.column else {
            return span
        }
        return first.keySpan
    }
}
