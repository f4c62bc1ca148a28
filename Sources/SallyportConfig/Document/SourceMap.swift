/// A place in the files of one load.
struct Span: Sendable, Hashable {
    /// Index into `SourceMap.files`.
    var file: Int
    /// From 1.
    var line: Int
    /// From 1, in Unicode scalars.
    var column: Int
    /// In Unicode scalars; 0 when it is to be found out from the text.
    var length: Int
}

/// One file of a load, cut into lines.
final class SourceFile {
    /// What diagnostics call it.
    let name: String
    /// Absolute; what relative paths in the file are relative to.
    let directory: String
    let lines: [Substring]
    /// The line that was looked at last: findings stand close together, and lines may be long.
    private var lastLine: (number: Int, line: SourceLine)?
    /// See `SecretRedaction.privateKeyLines`.
    lazy var privateKeyLines = SecretRedaction.privateKeyLines(lines)

    init(name: String, directory: String, text: String) {
        self.name = name
        self.directory = directory
        lines = Self.lines(of: text)
    }

    /// - Parameter number: From 1; must be one of `lines`.
    func line(_ number: Int) -> SourceLine {
        if let lastLine, lastLine.number == number { return lastLine.line }
        let line = SourceLine(number, of: self)
        lastLine = (number, line)
        return line
    }

    /// Cuts where YAML 1.1 sees a line break: LF, CR, CR LF, NEL, LS, PS.
    private static func lines(of text: String) -> [Substring] {
        var lines: [Substring] = []
        var start = text.unicodeScalars.startIndex
        var index = start
        while index < text.unicodeScalars.endIndex {
            let scalar = text.unicodeScalars[index]
            var next = text.unicodeScalars.index(after: index)
            if isLineBreak(scalar) {
                lines.append(Substring(text.unicodeScalars[start..<index]))
                if scalar == "\r", next < text.unicodeScalars.endIndex, text.unicodeScalars[next] == "\n" {
                    next = text.unicodeScalars.index(after: next)
                }
                start = next
            }
            index = next
        }
        lines.append(Substring(text.unicodeScalars[start...]))
        return lines
    }

    static func isLineBreak(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0A, 0x0D, 0x85, 0x2028, 0x2029: true
        default: false
        }
    }
}

/// The files of one load, in the order in which they were read.
struct SourceMap {
    private(set) var files: [SourceFile] = []

    mutating func add(_ file: SourceFile) -> Int {
        files.append(file)
        return files.count - 1
    }

    /// The place as it is shown: with the source line, in which secrets are hidden.
    func location(_ span: Span) -> SourceLocation {
        let file = files[span.file]
        guard file.lines.indices.contains(span.line - 1) else {
            return SourceLocation(file: file.name, line: span.line, column: span.column)
        }
        let line = file.line(span.line)
        let column = min(span.column, line.scalars.count + 1)
        let wanted = span.length > 0 ? span.length : TokenLength.of(line.scalars[(column - 1)...])
        let length = max(1, min(wanted, line.scalars.count - column + 1))
        return SourceLocation(
            file: file.name, line: span.line, column: column, length: length,
            excerpt: line.excerpt(column: column, length: length))
    }
}

/// How far a caret line reaches under a token, as far as that is shown.
enum TokenLength {
    /// - Parameter rest: The line from the first scalar of the token on.
    static func of(_ rest: ArraySlice<Unicode.Scalar>) -> Int {
        guard let first = rest.first else { return 1 }
        let rest = rest.prefix(SourceLine.width)
        switch first {
        case "\"", "'": return quoted(rest, by: first)
        case "{": return bracketed(rest, "{", "}")
        case "[": return bracketed(rest, "[", "]")
        case "|", ">": return 1
        default: return plain(rest)
        }
    }

    private static func quoted(_ rest: ArraySlice<Unicode.Scalar>, by quote: Unicode.Scalar) -> Int {
        var length = 1
        var escaped = false
        for scalar in rest.dropFirst() {
            length += 1
            if escaped {
                escaped = false
            } else if scalar == "\\" && quote == "\"" {
                escaped = true
            } else if scalar == quote {
                return length
            }
        }
        return length
    }

    private static func bracketed(
        _ rest: ArraySlice<Unicode.Scalar>, _ open: Unicode.Scalar, _ close: Unicode.Scalar
    ) -> Int {
        var depth = 0
        var length = 0
        for scalar in rest {
            length += 1
            if scalar == open { depth += 1 }
            if scalar == close { depth -= 1 }
            if depth == 0 { return length }
        }
        return 1
    }

    /// A word up to the colon of a key, a comma, a bracket or a comment.
    private static func plain(_ rest: ArraySlice<Unicode.Scalar>) -> Int {
        var length = 0
        var previous: Unicode.Scalar = " "
        for scalar in rest {
            if previous == ":" && scalar == " " { return max(1, length - 1) }
            if scalar == "," || scalar == "}" || scalar == "]" { break }
            if scalar == "#" && previous == " " { break }
            length += 1
            previous = scalar
        }
        if previous == ":" { return max(1, length - 1) }
        return max(1, length)
    }
}
