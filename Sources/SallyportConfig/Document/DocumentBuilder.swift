import SallyportModel
import Yams

/// Turns the parser's tree into `DocumentNode`s: bounded in depth and number, aliases resolved, duplicate keys found.
struct DocumentBuilder {
    private let file: Int
    private let session: LoadSession
    private let maskedKeys: [Unicode.Scalar: String]
    private var anchors: [String: DocumentNode] = [:]

    init(file: Int, session: LoadSession, maskedKeys: [Unicode.Scalar: String]) {
        self.file = file
        self.session = session
        self.maskedKeys = maskedKeys
    }

    mutating func build(_ node: Node) -> DocumentNode? {
        build(node, depth: 1)
    }

    /// Nil when the bounds are broken or the value makes no sense as YAML; that has been reported.
    private mutating func build(_ node: Node, depth: Int) -> DocumentNode? {
        let place = span(node)
        guard depth <= DocumentLimits.depth else {
            session.report(.tooComplex, "more than \(DocumentLimits.depth) levels deep", at: place)
            return nil
        }
        guard session.count(nodes: 1, at: place) else { return nil }
        let built =
            switch node {
            case .scalar(let scalar): text(scalar, at: place)
            case .sequence(let sequence): list(sequence, at: place, depth: depth)
            case .mapping(let mapping): self.mapping(mapping, at: place, depth: depth)
            case .alias: nil as DocumentNode?
            }
        if let built, let anchor = node.anchor { anchors[anchor.rawValue] = built }
        return built
    }

    private mutating func text(_ scalar: Node.Scalar, at place: Span) -> DocumentNode? {
        let isPlain = scalar.style == .plain
        if isPlain, scalar.string.unicodeScalars.first == YAMLMask.alias { return alias(scalar.string, at: place) }
        guard isTagFree(scalar.tag, at: place) else { return nil }
        var span = place
        if isPlain && scalar.anchor == nil { span.length = scalar.string.unicodeScalars.count }
        return DocumentNode(
            content: .text(YAMLMask.unmasked(scalar.string), isPlain: isPlain), span: span, weight: 1)
    }

    private func alias(_ text: String, at place: Span) -> DocumentNode? {
        guard let name = YAMLMask.aliasName(text) else {
            session.report(
                .yamlSyntax, "a text that starts with `*` needs quotes", at: place, help: ["put it in quotes"])
            return nil
        }
        guard let node = anchors[name] else {
            session.report(
                .undefinedAlias, "alias `*\(name)` has no anchor `&\(name)` above it", at: place,
                help: ["put the text in quotes if it is meant to start with `*`"])
            return nil
        }
        guard session.count(nodes: node.weight, at: place) else { return nil }
        return node
    }

    private mutating func list(_ sequence: Node.Sequence, at place: Span, depth: Int) -> DocumentNode? {
        guard isTagFree(sequence.tag, at: place) else { return nil }
        var elements: [DocumentNode] = []
        for element in sequence {
            guard let built = build(element, depth: depth + 1) else {
                if session.isExhausted { return nil }
                continue
            }
            elements.append(built)
        }
        return DocumentNode(
            content: .list(elements), span: place, weight: elements.reduce(1) { $0 + $1.weight })
    }

    private mutating func mapping(_ mapping: Node.Mapping, at place: Span, depth: Int) -> DocumentNode? {
        guard isTagFree(mapping.tag, at: place) else { return nil }
        var entries: [DocumentNode.Entry] = []
        var places: [String: Span] = [:]
        for (keyNode, valueNode) in mapping {
            guard let (key, keySpan) = key(keyNode) else { continue }
            let value = build(valueNode, depth: depth + 1)
            if session.isExhausted { return nil }
            if let first = places[key] {
                reportDuplicate(key, at: keySpan, first: first)
                continue
            }
            places[key] = keySpan
            if let value { entries.append(DocumentNode.Entry(key: key, keySpan: keySpan, value: value)) }
        }
        return DocumentNode(
            content: .mapping(entries), span: place, weight: entries.reduce(1) { $0 + $1.value.weight })
    }

    private func reportDuplicate(_ key: String, at span: Span, first: Span) {
        session.report(
            .duplicateKey, "key `\(key)` stands twice", at: span, label: "again here",
            help: ["remove one of the two"], related: (first, "first here"))
    }

    private func key(_ node: Node) -> (String, Span)? {
        let place = span(node)
        guard case .scalar(let scalar) = node, scalar.string.unicodeScalars.first != YAMLMask.alias else {
            session.report(.keyIsNotText, "a key must be a text", at: place, label: "no text")
            return nil
        }
        guard isTagFree(scalar.tag, at: place) else { return nil }
        let masked = scalar.string.unicodeScalars.lazy.compactMap { maskedKeys[$0] }.first
        let key = masked ?? YAMLMask.unmasked(scalar.string)
        var keySpan = place
        if scalar.style == .plain { keySpan.length = max(1, key.unicodeScalars.count) }
        if key == "<<" && scalar.style == .plain {
            session.report(
                .mergeKey, "`<<` is not supported", at: keySpan, label: "merge key",
                help: ["write the keys out, or use an alias for the whole value: `key: *name`"])
            return nil
        }
        return (key, keySpan)
    }

    private func isTagFree(_ tag: Tag, at place: Span) -> Bool {
        // A quoted text, and one that is tagged `!!str`, bears the tag of texts; neither changes what is read.
        let harmless: [Tag.Name] = [.implicit, .str, .seq, .map]
        if harmless.contains(where: { $0.rawValue == tag.description }) { return true }
        session.report(
            .tagNotAllowed, "tag `\(Self.shown(tag))` is not allowed", at: place, help: ["remove the tag"])
        return false
    }

    private static func shown(_ tag: Tag) -> String {
        let common = "tag:yaml.org,2002:"
        let name = tag.description
        return name.hasPrefix(common) ? "!!" + name.dropFirst(common.count) : name
    }

    private func span(_ node: Node) -> Span {
        Span(file: file, line: node.mark?.line ?? 1, column: node.mark?.column ?? 1, length: 0)
    }
}
