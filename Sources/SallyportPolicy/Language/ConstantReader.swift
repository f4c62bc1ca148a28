import SallyportModel

extension ConditionParser {
    /// The constant that a lexeme is, checked against what the fact can be at all: a value that no request ever has is
    /// a mistake that would go unnoticed.
    func constant(_ lexeme: Lexeme, for fact: Fact, as question: Question) throws(ConditionError) -> Constant {
        switch (fact.name.type, lexeme.kind) {
        case (.text, .text(let text)): return .text(try checked(text, for: fact, question, lexeme.range))
        case (.list, .text(let text)), (.claim, .text(let text)): return .text(Array(text.utf8))
        case (.number, .number(let number)), (.claim, .number(let number)): return .number(number)
        case (.truth, .word("true")), (.claim, .word("true")): return .truth(true)
        case (.truth, .word("false")), (.claim, .word("false")): return .truth(false)
        case (.moment, .text(let text)):
            if let moment = CivilTime.parse(text) { return .moment(moment) }
            throw ConditionError(
                lexeme.range, "\"\(text)\" is no date", "such as \"2027-06-30\" or \"2027-06-30T18:00:00Z\"")
        case (.address, .text(let text)):
            if let block = AddressBlock(text) { return .network(block) }
            throw ConditionError(
                lexeme.range, "\"\(text)\" is neither an address nor a network, or has bits behind its prefix",
                "such as \"10.0.0.0/8\" or \"2001:db8::1\"")
        default: throw Self.wrongKind(fact, lexeme)
        }
    }

    private static func wrongKind(_ fact: Fact, _ lexeme: Lexeme) -> ConditionError {
        let wanted =
            switch fact.name.type {
            case .text, .list: "a text in quotes is wanted"
            case .number: "a number without quotes is wanted"
            case .truth: "true or false is wanted"
            case .moment: "a date in quotes is wanted, such as \"2027-06-30\""
            case .address: "an address or network in quotes is wanted"
            case .claim: "a text in quotes, a number, true or false is wanted"
            }
        return ConditionError(lexeme.range, "this does not go with \(fact.text), a \(fact.name.type.rawValue)", wanted)
    }

    private func checked(
        _ text: String, for fact: Fact, _ question: Question, _ range: Range<Int>
    ) throws(ConditionError) -> [UInt8] {
        let isWhole = question == .equal || question == .unequal
        if isWhole, let words = fact.name.vocabulary, !words.contains(text) {
            throw ConditionError(
                range, "\(fact.text) is never \"\(text)\"", "one of: \(words.joined(separator: ", "))",
                suggestion: Spelling.nearest(to: text, among: words))
        }
        switch fact.name {
        case .requestMethod where text != text.uppercased():
            throw ConditionError(
                range, "methods are in upper case", "write \"\(text.uppercased())\"", suggestion: text.uppercased())
        case .requestHost where text != text.lowercased():
            throw ConditionError(
                range, "hosts are in lower case here", "write \"\(text.lowercased())\"", suggestion: text.lowercased())
        case .requestPath where (isWhole || question == .startsWith) && !text.hasPrefix("/"):
            throw ConditionError(range, "a path begins with a slash", "write \"/\(text)\"", suggestion: "/\(text)")
        default: return Array(text.utf8)
        }
    }
}

/// Names of header fields that a condition may ask for (RFC 9110 section 5.1).
enum FieldNameRule {
    /// What is in these is a secret, and a secret in a condition would be a literal secret in the file.
    private static let credentials = ["authorization", "proxy-authorization", "cookie", "x-api-key"]

    /// In lower case, as fields are looked up.
    static func check(_ name: String, _ range: Range<Int>) throws(ConditionError) -> String {
        let lower = name.lowercased()
        guard name.utf8.count <= 128, name.utf8.allSatisfy(isTokenByte) else {
            throw ConditionError(range, "\"\(name)\" is no name of a header field", "letters, digits and hyphens")
        }
        guard !credentials.contains(lower) else {
            throw ConditionError(
                range, "conditions do not read credentials such as \(lower)",
                "ask for what they prove: token.…, key.name")
        }
        guard !lower.contains("_") else {
            throw ConditionError(
                range, "fields with an underscore are not forwarded", "write a hyphen",
                suggestion: lower.replacingUnderscores)
        }
        return lower
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}

extension String {
    fileprivate var replacingUnderscores: String { String(map { $0 == "_" ? "-" : $0 }) }
}
