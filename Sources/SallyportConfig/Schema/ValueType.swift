import SallyportModel

/// A type of value: how it is described, how it is read, and how it is written.
struct ValueType<Value: Sendable>: Sendable {
    let shape: Shape
    /// Nil when the value is bad, which has been reported.
    let decode: @Sendable (DocumentNode, KeyPath, LoadSession) -> Value?
    /// As it would stand in the file.
    let text: @Sendable (Value) -> String
}

/// Why a text is no value of its type; the place is added by whoever called.
struct ValueError: Error {
    var reason = Reason.malformedValue
    var message: String
    var label: String?
    var help: [String] = []
}

/// A value with its place, for checks that look at several values together.
struct Located<Value: Sendable>: Sendable {
    var value: Value
    var span: Span
    var path: KeyPath
}

extension ValueType {
    /// A type whose values are single texts.
    static func scalar(
        _ shape: ScalarShape, text: @escaping @Sendable (Value) -> String,
        parse: @escaping @Sendable (String) throws(ValueError) -> Value
    ) -> ValueType {
        ValueType(shape: .scalar(shape)) { node, path, session in
            guard let string = singleText(node, shape, path, session) else { return nil }
            do throws(ValueError) {
                return try parse(string)
            } catch {
                session.report(error, at: node.span, path: path)
                return nil
            }
        } text: {
            text($0)
        }
    }

    /// The text of a single value; nil, reported, when the node is something else.
    static func singleText(
        _ node: DocumentNode, _ shape: ScalarShape, _ path: KeyPath, _ session: LoadSession
    ) -> String? {
        guard case .text(let string, _) = node.content else {
            session.report(
                .wrongType, "expected \(shape.words), found \(node.kindInWords)", at: node.span, path: path)
            return nil
        }
        return string
    }
}

extension LoadSession {
    func report(_ error: ValueError, at span: Span, path: KeyPath) {
        report(error.reason, error.message, at: span, label: error.label, help: error.help, path: path)
    }
}

extension ValueType {
    static func list<Element>(
        of element: ValueType<Element>, count: ClosedRange<Int> = 1...1000, unique: Bool = true
    ) -> ValueType where Value == [Located<Element>] {
        ValueType(shape: .list(element.shape, count: count)) { node, path, session in
            guard case .list(let nodes) = node.content else {
                session.report(
                    .wrongType, "expected a list, found \(node.kindInWords)", at: node.span,
                    help: listHelp(node), path: path)
                return nil
            }
            if !count.contains(nodes.count) {
                let words = nodes.isEmpty ? "the list is empty" : "the list has \(nodes.count) elements"
                session.report(
                    .outOfRange, words, at: node.span, label: "\(count.lowerBound) to \(count.upperBound) elements",
                    path: path)
                if nodes.count > 10 * count.upperBound { return nil }
            }
            let elements = nodes.enumerated().map { index, node in
                element.decodePresent(node, path.index(index), session)
                    .map { Located(value: $0, span: node.span, path: path.index(index)) }
            }
            if unique { reportRepeated(elements.compactMap(\.self), element.text, session) }
            return elements.contains { $0 == nil } ? nil : elements.compactMap(\.self)
        } text: { elements in
            "[" + elements.map { element.text($0.value) }.joined(separator: ", ") + "]"
        }
    }

    private static func listHelp(_ node: DocumentNode) -> [String] {
        guard case .text(let text, _) = node.content, !text.isEmpty, !text.contains("\n") else { return [] }
        return ["write [\(text)]"]
    }

    private static func reportRepeated<Element>(
        _ elements: [Located<Element>], _ text: (Element) -> String, _ session: LoadSession
    ) {
        var seen: [String: Span] = [:]
        for element in elements {
            if let first = seen.updateValue(element.span, forKey: text(element.value)) {
                session.report(
                    .repeatedElement, "\"\(text(element.value))\" stands twice in the list", at: element.span,
                    label: "again here", path: element.path, related: (first, "first here"))
            }
        }
    }

    /// Decodes a value that must not be nothing.
    func decodePresent(_ node: DocumentNode, _ path: KeyPath, _ session: LoadSession) -> Value? {
        if node.isNull {
            session.report(
                .emptyValue, "`\(path.text)` has no value", at: node.span,
                help: ["give \(shape.words), or remove it"], path: path)
            return nil
        }
        return decode(node, path, session)
    }
}

/// One entry of a mapping from names; `value` is nil when it was bad, which has been reported, so that references to
/// the name are not reported as well.
struct Named<Value: Sendable>: Sendable {
    var name: String
    var span: Span
    var path: KeyPath
    var value: Value?
}

extension ValueType {
    /// A mapping from names to values of one type, in the order of the file.
    static func named<Element>(_ element: ValueType<Element>, noun: String) -> ValueType
    where Value == [Named<Element>] {
        ValueType(shape: .named(element.shape, noun: noun, pattern: NameRule.pattern)) { node, path, session in
            guard case .mapping(let entries) = node.content else {
                session.report(
                    .wrongType, "expected a mapping from names to \(Noun.plural(noun)), found \(node.kindInWords)",
                    at: node.span,
                    path: path)
                return nil
            }
            return entries.map { entry in
                let inner = path.key(entry.key)
                if let problem = NameRule.problem(with: entry.key) {
                    session.report(
                        .badName, "\"\(entry.key)\" is no name for \(Noun.withArticle(noun))", at: entry.keySpan,
                        label: problem,
                        path: inner)
                }
                return Named(
                    name: entry.key, span: entry.keySpan, path: inner,
                    value: element.decodePresent(entry.value, inner, session))
            }
        } text: { _ in
            "{}"
        }
    }
}

/// What names of the operator's choice look like.
enum NameRule {
    static let pattern = "[A-Za-z0-9][A-Za-z0-9._-]{0,63}"

    /// Nil when the name is good.
    static func problem(with name: String) -> String? {
        let isGood = { (byte: UInt8) in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: false
            }
        }
        guard (1...64).contains(name.utf8.count) else { return "1 to 64 characters" }
        guard let first = name.utf8.first, isGood(first) else { return "must start with a letter or digit" }
        let isAllowed = name.utf8.allSatisfy { isGood($0) || [0x2E, 0x5F, 0x2D].contains($0) }
        return isAllowed ? nil : "letters, digits, `.`, `_` and `-` only"
    }
}
