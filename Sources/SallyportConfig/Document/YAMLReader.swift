import SallyportModel
import Yams

/// Reads one YAML document into nodes with places, and reports what is wrong with it as YAML.
struct YAMLReader {
    private let file: Int
    private let session: LoadSession
    /// Keys whose first character is masked, by the stand-in.
    private var maskedKeys: [Unicode.Scalar: String] = [:]

    /// The root of the document; nil when there is none to go on with, which has been reported.
    static func read(_ text: String, file: Int, session: LoadSession) -> DocumentNode? {
        var reader = YAMLReader(file: file, session: session)
        return reader.read(text)
    }

    private init(file: Int, session: LoadSession) {
        self.file = file
        self.session = session
    }

    private mutating func read(_ text: String) -> DocumentNode? {
        var masked = YAMLMask.maskingAliases(of: text)
        while true {
            do {
                return try parse(masked)
            } catch YamlError.duplicatedKeysInMapping(let duplicates, let context) {
                guard let next = maskingDuplicate(duplicates.first ?? "", at: context.mark, in: masked) else {
                    return nil
                }
                masked = next
            } catch {
                // Without a tree there is no telling which keys stand twice: what was masked on the way here depends on
                // the order in which the parser happened to name them.
                report(error)
                return nil
            }
        }
    }

    private func reportTwice(_ key: String, at place: Span) {
        session.report(
            .duplicateKey, "key `\(key)` stands twice", at: place, label: "and again below",
            help: ["remove one of the two"])
    }

    /// Takes the first of two equal keys out of the parser's sight; nil when that cannot be done, which is reported.
    private mutating func maskingDuplicate(_ key: String, at mark: Mark, in text: String) -> String? {
        let stamp = YAMLMask.duplicates.count > maskedKeys.count ? YAMLMask.duplicates[maskedKeys.count] : nil
        guard let stamp,
            let masked = YAMLMask.replacingScalar(line: mark.line, column: mark.column, of: text, by: stamp)
        else {
            reportTwice(key, at: span(mark, length: 0))
            return nil
        }
        maskedKeys[stamp] = key
        return masked
    }

    private func parse(_ text: String) throws -> DocumentNode? {
        let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
        guard let root = try parser.nextRoot() else {
            reportEmpty()
            return nil
        }
        if let second = try parser.nextRoot() {
            session.report(
                .severalDocuments, "a second document begins here", at: span(second.mark, length: 0),
                label: "only the first would be read")
            return nil
        }
        return withExtendedLifetime(parser) {
            var builder = DocumentBuilder(file: file, session: session, maskedKeys: maskedKeys)
            let node = builder.build(root)
            if let node, node.isNull {
                reportEmpty()
                return nil
            }
            return node
        }
    }

    private func reportEmpty() {
        session.report(
            .emptyConfiguration, "the file holds no configuration",
            at: Span(file: file, line: 1, column: 1, length: 1), help: ["start with `version: 1`"])
    }

    private func report(_ error: any Error) {
        switch error {
        case YamlError.scanner(let context, let problem, let mark, _),
            YamlError.parser(let context, let problem, let mark, _),
            YamlError.composer(let context, let problem, let mark, _):
            reportSyntax(context: context, problem: problem, mark: mark)
        case YamlError.reader(let problem, _, _, _):
            session.report(.yamlSyntax, problem, at: Span(file: file, line: 1, column: 1, length: 1))
        default:
            session.report(
                .yamlSyntax, "the file cannot be read as YAML", at: Span(file: file, line: 1, column: 1, length: 1))
        }
    }

    private func reportSyntax(context: YamlError.Context?, problem: String, mark: Mark) {
        let atEnd = endOfText(ifBehind: mark)
        let place = atEnd ?? span(mark, length: 1)
        if problem.contains("nesting level") {
            session.report(
                .tooComplex, "more than \(DocumentLimits.depth) levels deep", at: place)
        } else if let tab = indentingTab(line: mark.line) {
            session.report(
                .tabIndentation, "a tab is used to indent", at: tab, label: "tab", help: ["replace it by spaces"])
        } else {
            let words = [context.map { "\($0.text) that begins in line \($0.mark.line)" }, problem]
            session.report(
                .yamlSyntax, YAMLMask.unmasked(words.compactMap(\.self).joined(separator: ": ")), at: place,
                label: atEnd == nil ? nil : "the file ends here", help: syntaxHelp(problem, atEnd: atEnd != nil))
        }
    }

    /// The end of the last line with anything on it, when nothing follows the mark.
    private func endOfText(ifBehind mark: Mark) -> Span? {
        let lines = session.sources.files[file].lines
        let rest = lines.dropFirst(mark.line)
        let isBlank = { (line: Substring) in line.allSatisfy(\.isWhitespace) }
        let isLast = rest.allSatisfy(isBlank)
        let line = lines.indices.contains(mark.line - 1) ? lines[mark.line - 1] : ""
        guard isLast, line.unicodeScalars.dropFirst(mark.column - 1).allSatisfy(\.properties.isWhitespace),
            let last = lines.lastIndex(where: { !isBlank($0) })
        else { return nil }
        return Span(file: file, line: last + 1, column: lines[last].unicodeScalars.count + 1, length: 1)
    }

    private func syntaxHelp(_ problem: String, atEnd: Bool) -> [String] {
        if atEnd { return ["was the file cut off? Something that was opened above is not closed"] }
        if problem.contains("cannot start any token") { return ["put the text in quotes"] }
        if problem.contains("alphabetic or numeric") { return ["put a text that starts with `*` or `&` in quotes"] }
        if problem.contains("mapping values are not allowed") {
            return ["is the line indented too far, or is a text with `: ` in it without quotes?"]
        }
        if problem.contains("could not find expected ':'") { return ["is the `:` behind a key missing?"] }
        return ["compare brackets, quotes and indentation with the lines above"]
    }

    private func indentingTab(line: Int) -> Span? {
        let lines = session.sources.files[file].lines
        for number in [line, line - 1] where lines.indices.contains(number - 1) {
            let indentation = lines[number - 1].unicodeScalars.prefix { $0 == " " || $0 == "\t" }
            if let tab = indentation.firstIndex(of: "\t") {
                let column = indentation.distance(from: indentation.startIndex, to: tab) + 1
                return Span(file: file, line: number, column: column, length: 1)
            }
        }
        return nil
    }

    private func span(_ mark: Mark?, length: Int) -> Span {
        Span(file: file, line: mark?.line ?? 1, column: mark?.column ?? 1, length: length)
    }
}
