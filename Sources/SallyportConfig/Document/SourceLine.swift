/// One line of a file, and what must not be shown of it.
struct SourceLine {
    let scalars: [Unicode.Scalar]
    /// In order and apart.
    private let secrets: [Range<Int>]

    /// No more of a line than this is shown, in Unicode scalars.
    static let width = 160
    /// So much of it in front of the caret.
    private static let lead = 60

    init(_ number: Int, of file: SourceFile) {
        scalars = Array(file.lines[number - 1].unicodeScalars)
        secrets = SecretRedaction.secrets(scalars, number, file)
    }

    /// The line around a column, secrets replaced and long ends cut.
    func excerpt(column: Int, length: Int) -> SourceLocation.Excerpt {
        let window = window(around: column - 1)
        var text = window.lowerBound > 0 ? "…" : ""
        let caret = (column - 1)..<min(window.upperBound, column - 1 + length)
        var (start, end) = (0, 0)
        var position = window.lowerBound
        for secret in secrets where secret.overlaps(window) {
            append(max(position, window.lowerBound)..<max(position, secret.lowerBound), caret, &text, &start, &end)
            let isMarked = secret.overlaps(caret)
            if isMarked && end == 0 { start = text.unicodeScalars.count }
            text += SecretRedaction.hidden
            if isMarked { end = text.unicodeScalars.count }
            position = secret.upperBound
        }
        append(position..<max(position, window.upperBound), caret, &text, &start, &end)
        if end == 0 { start = text.unicodeScalars.count }
        if window.upperBound < scalars.count { text += "…" }
        return SourceLocation.Excerpt(text: text, column: start + 1, length: max(1, end - start))
    }

    /// Appends what may be shown, and keeps note of where the caret comes to stand in the text.
    private func append(
        _ range: Range<Int>, _ caret: Range<Int>, _ text: inout String, _ start: inout Int, _ end: inout Int
    ) {
        let before = text.unicodeScalars.count
        text.unicodeScalars.append(contentsOf: scalars[range])
        let marked = range.clamped(to: caret)
        guard !marked.isEmpty else { return }
        if end == 0 { start = before + marked.lowerBound - range.lowerBound }
        end = before + marked.upperBound - range.lowerBound
    }

    private func window(around index: Int) -> Range<Int> {
        if scalars.count <= Self.width { return 0..<scalars.count }
        let start = max(0, index - Self.lead)
        return start..<min(scalars.count, start + Self.width)
    }
}
