import SallyportModel

extension ConditionParser {
    mutating func readFact() throws(ConditionError) -> Fact {
        let lexeme = current
        guard case .word(let word) = lexeme.kind else {
            throw ConditionError(lexeme.range, "a fact is missing here", "such as request.method")
        }
        guard let name = FactName(rawValue: word) else { throw Self.unknownFact(word, lexeme.range) }
        position += 1
        var keys: [String] = []
        while keys.count < name.keyCount.upperBound, current.kind == .symbol("[") { keys.append(try readKey(of: name)) }
        guard name.keyCount.contains(keys.count) else {
            throw ConditionError(lexeme.range, "\(word) wants a name in brackets", "\(word)[\"name\"]")
        }
        guard current.kind != .symbol("[") else {
            throw ConditionError(
                current.range, "\(word) takes no more names in brackets", "at most \(name.keyCount.upperBound)")
        }
        return Fact(name, keys: keys)
    }

    private mutating func readKey(of name: FactName) throws(ConditionError) -> String {
        try expect("[")
        let lexeme = current
        guard case .text(let key) = lexeme.kind, !key.isEmpty else {
            throw ConditionError(lexeme.range, "a name in quotes is missing here", "\(name.rawValue)[\"name\"]")
        }
        position += 1
        try expect("]")
        return name == .requestHeader ? try FieldNameRule.check(key, lexeme.range) : key
    }

    private static func unknownFact(_ word: String, _ range: Range<Int>) -> ConditionError {
        let names = FactName.allCases.map(\.rawValue)
        let suggestion = Spelling.nearest(to: word, among: names)
        let group = word.prefix { $0 != "." }
        let members = names.filter { $0.hasPrefix(group + ".") }
        return ConditionError(
            range, "there is no fact \"\(word)\"",
            members.isEmpty
                ? "facts begin with request, client, identity, certificate, token, key, tls or time"
                : "one of: \(members.joined(separator: ", "))",
            suggestion: suggestion)
    }

    static func operatorMissing(_ fact: Fact, _ found: Lexeme) -> ConditionError {
        if case .word(let word) = found.kind,
            let near = Spelling.nearest(to: word, among: Question.allCases.map(\.rawValue) + ["and", "or"])
        {
            return ConditionError(found.range, "\"\(word)\" is no operator", "write \(near)", suggestion: near)
        }
        return ConditionError(
            found.range, "an operator is missing behind \(fact.text)",
            "such as == \"…\"; has(\(fact.text)) asks whether it is there")
    }
}
