/// Hides what may be a secret in a source line before the line is shown.
///
/// A secret has no place in a configuration, but the line that is to be complained about is exactly the one where
/// somebody put it, and a misspelt key or a syntax error is shown with its whole line. So the line is looked at as
/// text: what follows a key whose name speaks of secrets, and is no reference, is hidden, and so is every line of a
/// PEM block of a private key.
enum SecretRedaction {
    private static let words = ["key", "secret", "token", "password", "passphrase", "credential"]
    private static let references = ["env:", "file:", "credential:"]
    static let hidden = "‹hidden›"

    static func excerpt(of number: Int, in file: SourceFile, column: Int, length: Int) -> SourceLocation.Excerpt {
        let line = Array(file.lines[number - 1].unicodeScalars)
        var shown = String.UnicodeScalarView()
        var (start, end) = (column - 1, column - 1 + length)
        var position = 0
        for secret in secrets(line, number, file) {
            shown.append(contentsOf: line[position..<secret.lowerBound])
            let place = shown.count
            shown.append(contentsOf: hidden.unicodeScalars)
            let growth = hidden.unicodeScalars.count - secret.count
            if column - 1 >= secret.upperBound {
                (start, end) = (start + growth, end + growth)
            } else if column - 1 + length > secret.lowerBound {
                start = min(start, place)
                end = max(place + hidden.unicodeScalars.count, end + growth)
            }
            position = secret.upperBound
        }
        shown.append(contentsOf: line[position...])
        return SourceLocation.Excerpt(text: String(shown), column: start + 1, length: max(1, end - start))
    }

    /// Stretches to hide, in order and apart.
    private static func secrets(_ line: [Unicode.Scalar], _ number: Int, _ file: SourceFile) -> [Range<Int>] {
        let text = file.lines[number - 1]
        if isInsidePrivateKey(number, file) { return [0..<line.count] }
        if text.contains("PRIVATE KEY-----"), let start = line.firstIndex(of: "-") { return [start..<line.count] }
        return values(line)
    }

    private static func isInsidePrivateKey(_ number: Int, _ file: SourceFile) -> Bool {
        for line in file.lines[..<(number - 1)].reversed().prefix(200) {
            if line.contains("-----BEGIN ") { return line.contains("PRIVATE KEY-----") }
            if line.contains("-----END ") { return false }
        }
        return false
    }

    /// The values behind keys that speak of secrets, but for references and what opens a structure.
    private static func values(_ line: [Unicode.Scalar]) -> [Range<Int>] {
        var found: [Range<Int>] = []
        var index = 0
        while let colon = line[index...].firstIndex(of: ":") {
            index = colon + 1
            guard speaksOfSecrets(line[..<colon]) else { continue }
            let start = line[index...].firstIndex { $0 != " " && $0 != "\t" } ?? line.count
            let end = valueEnd(line, from: start)
            if isLiteral(line[start..<end]) { found.append(start..<end) }
            index = max(index, end)
        }
        return found
    }

    /// Whether the word that ends here, quoted or not, has a word for secrets in it.
    private static func speaksOfSecrets(_ line: ArraySlice<Unicode.Scalar>) -> Bool {
        let isNamePart = { (scalar: Unicode.Scalar) in
            scalar.properties.isAlphabetic || scalar == "_" || scalar == "-" || scalar == "\"" || scalar == "'"
        }
        let name = text(line.suffix { isNamePart($0) }).lowercased()
        return words.contains { name.contains($0) }
    }

    private static func isLiteral(_ value: ArraySlice<Unicode.Scalar>) -> Bool {
        guard let first = value.first, !["{", "[", "|", ">", "&", "*", "#"].contains(first) else { return false }
        let bare = text(value.drop { $0 == "\"" || $0 == "'" })
        return !references.contains { bare.hasPrefix($0) }
    }

    private static func valueEnd(_ line: [Unicode.Scalar], from start: Int) -> Int {
        guard start < line.count else { return start }
        let first = line[start]
        if first == "\"" || first == "'" {
            return (line[(start + 1)...].firstIndex(of: first) ?? line.count - 1) + 1
        }
        return line[start...].firstIndex { $0 == "," || $0 == "}" || $0 == "]" } ?? line.count
    }

    private static func text(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        String(String.UnicodeScalarView(scalars))
    }
}

extension ArraySlice {
    /// The longest end whose elements all satisfy the condition.
    fileprivate func suffix(while condition: (Element) -> Bool) -> ArraySlice {
        var start = endIndex
        while start > startIndex, condition(self[start - 1]) { start -= 1 }
        return self[start...]
    }
}
