import SallyportModel
import SallyportPolicy

extension ValueType<Condition> {
    /// `request.method == 'GET'`
    static func condition() -> ValueType {
        let shape = ScalarShape(
            words: "a condition", examples: ["\"request.method == 'GET' and client.address in ['10.0.0.0/8']\""])
        return ValueType(shape: .scalar(shape)) { node, path, session in
            guard let text = singleText(node, shape, path, session) else { return nil }
            do throws(ConditionError) {
                return try Condition(text)
            } catch {
                session.report(
                    .conditionInvalid, error.message, at: session.part(error.range, of: text, at: node.span),
                    label: error.label, help: error.suggestion.map { ["did you mean `\($0)`?"] } ?? [], path: path)
                return nil
            }
        } text: {
            $0.text
        }
    }
}

extension LoadSession {
    /// The place of a part of a text, if the text stands in its line as it is: escapes and folded lines move things.
    /// - Parameter range: UTF-8 bytes of the text.
    func part(_ range: Range<Int>, of text: String, at span: Span) -> Span {
        let file = sources.files[span.file]
        guard file.lines.indices.contains(span.line - 1) else { return span }
        let scalars = Array(file.lines[span.line - 1].unicodeScalars.dropFirst(span.column - 1))
        let quote = scalars.first.map { $0 == "\"" || $0 == "'" ? 1 : 0 } ?? 0
        guard scalars.dropFirst(quote).starts(with: text.unicodeScalars) else { return span }
        let before = String(decoding: text.utf8.prefix(range.lowerBound), as: UTF8.self).unicodeScalars.count
        let inside = String(decoding: text.utf8.dropFirst(range.lowerBound).prefix(range.count), as: UTF8.self)
        return Span(
            file: span.file, line: span.line, column: span.column + quote + before,
            length: max(1, inside.unicodeScalars.count))
    }
}
