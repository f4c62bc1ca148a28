import SallyportModel

/// Stand-ins put into a text before it is parsed, so that the parser neither expands aliases nor gives up at the first
/// duplicate key, and both can be seen with their places and counted.
///
/// The stand-ins are Unicode noncharacters, which `SourceText` refuses in files. Each takes the place of exactly one
/// scalar, so that places stay what they are.
enum YAMLMask {
    /// For the `*` of an alias.
    static let alias: Unicode.Scalar = "\u{1FFFF}"
    /// For the first character of a key that stands again further down; as many as duplicates are told apart.
    static let duplicates: [Unicode.Scalar] = (2...16).flatMap { plane in
        [0xFFFE, 0xFFFF].compactMap { Unicode.Scalar(UInt32(plane) << 16 | UInt32($0)) }
    }

    /// Masks every `*` that could begin an alias. One inside quotes or block text is masked as well, which does no
    /// harm: `unmasked` puts it back.
    static func maskingAliases(of text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "*")) else { return text }
        let scalars = Array(text.unicodeScalars)
        var masked = String.UnicodeScalarView()
        for (index, scalar) in scalars.enumerated() {
            let previous = index > 0 ? scalars[index - 1] : "\n"
            let next = index + 1 < scalars.count ? scalars[index + 1] : "\n"
            masked.append(scalar == "*" && mayPrecede(previous) && isAnchorCharacter(next) ? alias : scalar)
        }
        return String(masked)
    }

    static func unmasked(_ text: String) -> String {
        guard text.unicodeScalars.contains(alias) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == alias ? "*" : $0 }))
    }

    /// The anchor that a plain text names, when it is nothing but a masked alias.
    static func aliasName(_ text: String) -> String? {
        guard text.unicodeScalars.first == alias else { return nil }
        let name = text.unicodeScalars.dropFirst()
        return name.allSatisfy(isAnchorCharacter) ? String(name) : nil
    }

    static func replacingScalar(
        line: Int, column: Int, of text: String, by scalar: Unicode.Scalar
    ) -> String? {
        var scalars = text.unicodeScalars
        guard let start = lineStart(line, in: text) else { return nil }
        guard var index = scalars.index(start, offsetBy: column - 1, limitedBy: scalars.endIndex) else { return nil }
        guard index < scalars.endIndex else { return nil }
        if scalars[index] == "\"" || scalars[index] == "'" {
            let quote = scalars[index]
            index = scalars.index(after: index)
            // An empty key has no character to replace.
            guard index < scalars.endIndex, scalars[index] != quote else { return nil }
        }
        scalars.replaceSubrange(index...index, with: CollectionOfOne(scalar))
        return String(scalars)
    }

    private static func lineStart(_ line: Int, in text: String) -> String.Index? {
        let scalars = text.unicodeScalars
        var index = scalars.startIndex
        for _ in 1..<max(1, line) {
            guard let end = scalars[index...].firstIndex(where: SourceFile.isLineBreak) else { return nil }
            let next = scalars.index(after: end)
            let isPair = scalars[end] == "\r" && next < scalars.endIndex && scalars[next] == "\n"
            index = isPair ? scalars.index(after: next) : next
        }
        return index
    }

    private static func mayPrecede(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case " ", "\t", "[", "{", ",", ":": true
        default: SourceFile.isLineBreak(scalar)
        }
    }

    private static func isAnchorCharacter(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "_", "-": true
        default: false
        }
    }
}
