import SallyportModel

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
    private static let knownKeys = Set(KeyIndex.records.flatMap { $0.fields.map { $0.name.lowercased() } })

    /// Stretches to hide, in order and apart.
    static func secrets(_ line: [Unicode.Scalar], _ number: Int, _ file: SourceFile) -> [Range<Int>] {
        let text = file.lines[number - 1]
        if file.privateKeyLines.contains(where: { $0.contains(number) }) { return [0..<line.count] }
        if text.contains("PRIVATE KEY-----"), let start = line.firstIndex(of: "-") { return [start..<line.count] }
        return (values(line) + userinfo(line)).sorted { $0.lowerBound < $1.lowerBound }.reduce(into: []) {
            apart, next in
            if next.lowerBound >= apart.last?.upperBound ?? 0 { apart.append(next) }
        }
    }

    /// The text with user names and passwords in URLs (RFC 3986 §3.2.1) hidden.
    static func withoutUserinfo(_ text: String) -> String {
        let scalars = Array(text.unicodeScalars)
        return userinfo(scalars).reversed().reduce(into: text) { result, secret in
            let start = result.unicodeScalars.index(result.startIndex, offsetBy: secret.lowerBound)
            let end = result.unicodeScalars.index(start, offsetBy: secret.count)
            result.replaceSubrange(start..<end, with: hidden)
        }
    }

    /// What stands in front of `@` and behind `//`, or has a colon in it; up to the last `@` of the word, since a
    /// password may hold one. In order and apart.
    private static func userinfo(_ line: [Unicode.Scalar]) -> [Range<Int>] {
        let delimiters: Set<Unicode.Scalar> = [" ", "\t", "\"", "'", "/", "?", "#", ",", "[", "]", "{", "}"]
        return line.indices.filter { line[$0] == "@" }.reduce(into: []) { found, at in
            let start = line[..<at].lastIndex { delimiters.contains($0) }.map { $0 + 1 } ?? 0
            let isAuthority = start > 1 && line[start - 1] == "/" && line[start - 2] == "/"
            guard start < at, isAuthority || line[start..<at].contains(":") else { return }
            if found.last?.lowerBound == start { found.removeLast() }
            found.append(start..<at)
        }
    }

    /// The numbers of the lines between the markers of a private key in PEM form, those included that have no end.
    static func privateKeyLines(_ lines: [Substring]) -> [Range<Int>] {
        var found: [Range<Int>] = []
        var start: Int?
        for (index, line) in lines.enumerated() where line.contains("-----") {
            if line.contains("-----END ") {
                if let start { found.append(start..<index + 1) }
                start = nil
            } else if line.contains("-----BEGIN "), line.contains("PRIVATE KEY-----") {
                start = index + 2
            }
        }
        if let start { found.append(start..<lines.count + 1) }
        return found
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
        let end = line.lastIndex { $0 != " " && $0 != "\t" }.map { $0 + 1 } ?? line.startIndex
        let name = text(line[..<end].suffix { isNamePart($0) }).lowercased()
        if words.contains(where: name.contains) { return true }
        // A key that there is is no slip of another one: `deny` is near `key`.
        return !knownKeys.contains(name) && Spelling.nearest(to: name, among: words) != nil
    }

    private static func isLiteral(_ value: ArraySlice<Unicode.Scalar>) -> Bool {
        guard let first = value.first, !["{", "|", ">", "&", "*", "#"].contains(first) else { return false }
        let bare = text(value.drop { $0 == "\"" || $0 == "'" })
        if bare == "true" || bare == "false" { return false }
        return !references.contains { bare.hasPrefix($0) } || bare.contains("-----")
    }

    private static func valueEnd(_ line: [Unicode.Scalar], from start: Int) -> Int {
        guard start < line.count else { return start }
        let first = line[start]
        if first == "\"" || first == "'" {
            return (line[(start + 1)...].firstIndex(of: first) ?? line.count - 1) + 1
        }
        if first == "[" { return (line[start...].firstIndex(of: "]") ?? line.count - 1) + 1 }
        let end = line[start...].firstIndex { $0 == "," || $0 == "}" || $0 == "]" } ?? line.count
        return line[start..<end].lastIndex { $0 != " " && $0 != "\t" }.map { $0 + 1 } ?? end
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
