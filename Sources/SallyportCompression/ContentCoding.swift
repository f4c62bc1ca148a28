/// A content coding that the gateway can apply to a response (RFC 9110 §8.4.1, RFC 7932).
package enum ContentCoding: String, Sendable, CaseIterable {
    case br, gzip
}

extension ContentCoding {
    /// The first of `offered` that the client accepts, by RFC 9110 §12.5.3. Nil leaves the content as it is, also when the
    /// field is missing or not understood.
    /// - Parameters:
    ///   - offered: in order of preference.
    ///   - acceptEncoding: the values of all Accept-Encoding fields.
    package static func choose(among offered: [ContentCoding], acceptEncoding: [String]) -> ContentCoding? {
        guard let accepted = AcceptEncoding(acceptEncoding) else { return nil }
        var best: (coding: ContentCoding, weight: Int)?
        for coding in offered {
            let weight = accepted.weight(of: coding.rawValue)
            if weight > 0, weight > best?.weight ?? 0 { best = (coding, weight) }
        }
        guard let best, best.weight >= accepted.weight(of: "identity", otherwise: 0) else { return nil }
        return best.coding
    }
}

/// The weights of an Accept-Encoding list, in thousandths.
struct AcceptEncoding {
    private var weights: [(name: Substring, weight: Int)] = []

    /// More elements than this have no honest use.
    private static let maximum = 32

    /// Nil for a list that is empty, too long or malformed.
    init?(_ values: [String]) {
        for element in values.joined(separator: ",").split(separator: ",", maxSplits: Self.maximum + 1) {
            let parts = element.split(separator: ";", omittingEmptySubsequences: false)
            guard let name = parts.first.map(Self.trimmed), parts.count <= 2 else { return nil }
            if name.isEmpty { continue }
            guard weights.count < Self.maximum, let weight = parts.count == 1 ? 1000 : Self.weight(Self.trimmed(parts[1])) else {
                return nil
            }
            weights.append((name, weight))
        }
        if weights.isEmpty { return nil }
    }

    /// - Parameter otherwise: for a coding that is not named, where there is no `*` either.
    func weight(of name: String, otherwise: Int = 0) -> Int {
        let named = weights.first { $0.name.lowercased() == name } ?? weights.first { $0.name == "*" }
        return named?.weight ?? otherwise
    }

    /// `q=0.5`, at most three digits behind the point (RFC 9110 §12.4.2).
    private static func weight(_ text: Substring) -> Int? {
        guard let equals = text.firstIndex(of: "="), trimmed(text[..<equals]).lowercased() == "q" else { return nil }
        let number = trimmed(text[text.index(after: equals)...])
        guard let first = number.first, first == "0" || first == "1" else { return nil }
        let behind = number.dropFirst()
        if behind.isEmpty { return first == "1" ? 1000 : 0 }
        let digits = behind.dropFirst()
        guard behind.first == ".", digits.count <= 3, digits.allSatisfy({ $0.isASCII && $0.isNumber }) else { return nil }
        let thousandths = Int(String(digits).padded(to: 3)) ?? 0
        return first == "1" ? (thousandths == 0 ? 1000 : nil) : thousandths
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while let first = text.first, first == " " || first == "\t" { text = text.dropFirst() }
        while let last = text.last, last == " " || last == "\t" { text = text.dropLast() }
        return text
    }
}

extension String {
    fileprivate func padded(to count: Int) -> String { self + String(repeating: "0", count: Swift.max(0, count - self.count)) }
}
