import SallyportModel

/// Puts the documents of several files together along the table of fields.
struct DocumentMerge {
    let session: LoadSession

    func merge(_ part: DocumentNode, into whole: inout DocumentNode, shape: Shape, path: KeyPath) {
        switch (shape, whole.content, part.content) {
        case (.record(let record), .mapping(let known), .mapping(let added)):
            whole.content = .mapping(
                merge(added, into: known, path: path) { name in
                    record.fields.first { $0.name == name }?.shape
                })
        case (.named, .mapping(let known), .mapping(let added)):
            whole.content = .mapping(merge(added, into: known, path: path) { _ in nil })
        case (.list, .list(let known), .list(let added)):
            whole.content = .list(known + added)
        default:
            if part.isNull || whole.isNull {
                session.report(
                    .emptyValue, "`\(path.text)` has no value", at: (part.isNull ? part : whole).span,
                    help: ["remove the key, or give \(shape.words)"], path: path)
            } else if let misfit = [part, whole].first(where: { !shape.fits($0) }) {
                session.report(
                    .wrongType, "expected \(shape.words), found \(misfit.kindInWords)", at: misfit.span, path: path)
            } else {
                reportTwice(path, part.span, whole.span)
            }
        }
    }

    private func merge(
        _ added: [DocumentNode.Entry], into known: [DocumentNode.Entry], path: KeyPath, shape: (String) -> Shape?
    ) -> [DocumentNode.Entry] {
        var entries = known
        var positions: [String: Int] = [:]
        for (index, entry) in known.enumerated() { positions[entry.key] = index }
        for entry in added {
            if path == .root && RootSection.isPerFile(entry.key) && positions[entry.key] != nil { continue }
            guard let index = positions[entry.key] else {
                entries.append(entry)
                continue
            }
            if let inner = shape(entry.key) {
                merge(entry.value, into: &entries[index].value, shape: inner, path: path.key(entry.key))
            } else {
                reportTwice(path.key(entry.key), entry.keySpan, entries[index].keySpan)
            }
        }
        return entries
    }

    private func reportTwice(_ path: KeyPath, _ second: Span, _ first: Span) {
        session.report(
            .definedInTwoFiles, "`\(path.text)` is defined in two files", at: second, label: "again here",
            help: ["remove it from one of the two files"], path: path, related: (first, "first here"))
    }
}

extension Shape {
    /// Whether the value is of the kind that files can be merged by.
    fileprivate func fits(_ node: DocumentNode) -> Bool {
        switch (self, node.content) {
        case (.record, .mapping), (.named, .mapping), (.list, .list), (.scalar, .text), (.either, _), (.oneOrMore, _): true
        default: false
        }
    }
}
