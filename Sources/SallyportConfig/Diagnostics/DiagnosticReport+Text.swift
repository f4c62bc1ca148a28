import SallyportModel

extension DiagnosticReport {
    /// For people: the source line, a caret, and what to do.
    func text(colour: Bool, outcome: String?) -> String {
        let style = TextStyle(colour: colour)
        var text = diagnostics.prefix(Self.shown).map { DiagnosticText($0, style).text }.joined()
        if diagnostics.count > Self.shown { text += "… and \(diagnostics.count - Self.shown) more\n" }
        text += totals
        if let outcome { text += " " + outcome }
        return text + "\n"
    }

    private var totals: String {
        "\(Self.counted(errorCount, "error")), \(Self.counted(warningCount, "warning"))."
    }

    private static func counted(_ count: Int, _ noun: String) -> String {
        "\(count) \(noun)\(count == 1 ? "" : "s")"
    }
}

/// One finding as text.
private struct DiagnosticText {
    private let diagnostic: Diagnostic
    private let style: TextStyle
    /// As wide as the greatest line number that is shown.
    private let gutter: String

    init(_ diagnostic: Diagnostic, _ style: TextStyle) {
        self.diagnostic = diagnostic
        self.style = style
        let lines = [diagnostic.location?.line, diagnostic.related?.location.line].compactMap(\.self)
        gutter = String(repeating: " ", count: String(lines.max() ?? 1).count)
    }

    var text: String {
        var text = head
        if let location = diagnostic.location {
            text +=
                place(location, "-->")
                + snippet(location, label: diagnostic.label, mark: "^", style.severity(diagnostic))
        }
        if let related = diagnostic.related {
            text += place(related.location, ":::") + snippet(related.location, label: related.label, mark: "-", .note)
        }
        for help in diagnostic.help { text += note("help: \(TextStyle.escaped(help))") }
        return text + tail
    }

    private var head: String {
        let title = "\(diagnostic.severity.rawValue)[\(diagnostic.reason.name)]"
        let colour = style.severity(diagnostic)
        return style.paint(title, colour) + style.paint(": " + TextStyle.escaped(diagnostic.message), .strong) + "\n"
    }

    private var tail: String {
        let more = "more: sallyport explain \(diagnostic.reason.name)"
        guard let path = diagnostic.keyPath else { return note(more) }
        return note("path: \(TextStyle.escaped(path))        \(more)")
    }

    private func place(_ location: SourceLocation, _ arrow: String) -> String {
        let file = TextStyle.escaped(location.file)
        return gutter + style.paint(arrow, .note) + " \(file):\(location.line):\(location.column)\n"
    }

    private func snippet(
        _ location: SourceLocation, label: String?, mark: Character, _ colour: TextStyle.Colour
    ) -> String {
        guard let excerpt = location.excerpt else { return "" }
        let shown = ExcerptText(excerpt)
        let number = String(location.line)
        let padded = String(repeating: " ", count: gutter.count - number.count) + number
        let caret = String(repeating: mark, count: shown.caretWidth)
        let words = label.map { " " + TextStyle.escaped($0) } ?? ""
        return style.paint("\(gutter) |", .note) + "\n"
            + style.paint("\(padded) |", .note) + " \(shown.text)\n"
            + style.paint("\(gutter) |", .note) + " " + String(repeating: " ", count: shown.caretOffset)
            + style.paint(caret + words, colour) + "\n"
    }

    private func note(_ words: String) -> String {
        gutter + " " + style.paint("=", .note) + " " + words + "\n"
    }
}

/// A source line as it comes to stand on a screen, with the place of the caret.
struct ExcerptText {
    let text: String
    /// In columns of a terminal.
    let caretOffset: Int
    let caretWidth: Int

    init(_ excerpt: SourceLocation.Excerpt) {
        let scalars = Array(excerpt.text.unicodeScalars)
        let caret = min(max(0, excerpt.column - 1), scalars.count)
        let end = min(scalars.count, caret + excerpt.length)
        text = Self.shown(scalars[...])
        caretOffset = Self.columns(Self.shown(scalars[..<caret]))
        caretWidth = max(1, Self.columns(Self.shown(scalars[caret..<end])))
    }

    private static func shown(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        TextStyle.escaped(String(String.UnicodeScalarView(scalars.map { $0 == "\t" ? " " : $0 })))
    }

    private static func columns(_ text: String) -> Int {
        text.unicodeScalars.reduce(0) { $0 + columns($1) }
    }

    /// After Unicode Standard Annex 11, roughly: two for East Asian wide characters and emoji, none for marks.
    private static func columns(_ scalar: Unicode.Scalar) -> Int {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: break
        }
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
            0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }
}

/// Colours for a terminal, and text from outside made harmless for it.
struct TextStyle {
    enum Colour: String {
        case error = "1;31"
        case warning = "1;33"
        case note = "1;34"
        case strong = "1"
    }

    let colour: Bool

    func paint(_ text: String, _ colour: Colour) -> String {
        self.colour ? "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m" : text
    }

    func severity(_ diagnostic: Diagnostic) -> Colour {
        diagnostic.severity == .error ? .error : .warning
    }

    /// Writes control characters, those that change the direction of text, and line separators as `\u{…}`.
    static func escaped(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
        return text.unicodeScalars.reduce(into: "") { result, scalar in
            if isUnsafe(scalar) {
                result += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
    }

    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0...0x1F, 0x7F...0x9F, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF, 0xFFF9...0xFFFB: true
        default: false
        }
    }
}
