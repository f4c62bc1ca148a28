/// Reads a condition and writes its steps, innermost first.
///
/// ```
/// any        = all *("or" all)
/// all        = one *("and" one)
/// one        = "not" one / "(" any ")" / comparison
/// comparison = "has" "(" fact / group ")" / fact [operator (constant / fact / list)] / constant ["not"] "in" fact
/// list       = "[" constant *("," constant) "]"
/// ```
struct ConditionParser {
    let lexemes: [Lexeme]
    var position = 0
    private var depth = 0
    private var tests = 0
    private(set) var steps: [Condition.Step] = []
    private(set) var ranges: [Range<Int>] = []
    private var asked: [(fact: Fact, range: Range<Int>)] = []
    private var guarded: Set<String> = []

    init(_ lexemes: [Lexeme]) { self.lexemes = lexemes }

    /// Comparisons with facts that can be missing and that no `has` looks for.
    var unguarded: [(fact: Fact, range: Range<Int>)] {
        asked.filter {
            !$0.fact.name.isAlwaysThere && !guarded.contains($0.fact.text) && !guarded.contains(Self.group(of: $0.fact))
        }
    }

    /// A token has its issuer, audience and end, a key its name; other facts of a group may still be missing.
    private static func group(of fact: Fact) -> String {
        switch fact.name {
        case .tokenIssuer, .tokenAudience, .tokenScope, .tokenExpires: "token"
        case .keyName: "key"
        case .identityNames, .identityGroups: "identity"
        case .certificateSubject, .certificateIssuer, .certificateSerial, .certificateOrganizations,
            .certificateOrganizationalUnits, .certificateDNS, .certificateURIs, .certificateEmails,
            .certificateNotBefore, .certificateNotAfter, .certificateAuthority:
            "certificate"
        default: fact.text
        }
    }

    mutating func readAll() throws(ConditionError) {
        guard current.kind != .end else {
            throw ConditionError(current.range, "the condition is empty", "such as request.method == \"GET\"")
        }
        try readAny()
        guard current.kind == .end else {
            throw ConditionError(current.range, "the condition should have ended here", "and, or, or nothing is wanted")
        }
    }

    // MARK: operators

    private mutating func readAny() throws(ConditionError) {
        try readChain("or", step: .or, skip: Condition.Step.skipIfHolds) { parser throws(ConditionError) in
            try parser.readChain("and", step: .and, skip: Condition.Step.skipIfFails) { parser throws(ConditionError) in
                try parser.readOne()
            }
        }
    }

    private mutating func readChain(
        _ keyword: String, step: Condition.Step, skip: (Int) -> Condition.Step,
        _ part: (inout ConditionParser) throws(ConditionError) -> Void
    ) throws(ConditionError) {
        let start = current.range.lowerBound
        try part(&self)
        while take(keyword) {
            let jump = steps.count
            write(skip(jump), start)
            try part(&self)
            write(step, start)
            steps[jump] = skip(steps.count)
        }
    }

    private mutating func readOne() throws(ConditionError) {
        let start = current.range.lowerBound
        depth += 1
        defer { depth -= 1 }
        guard depth <= Condition.maximumDepth else {
            throw ConditionError(
                current.range, "the condition is nested deeper than \(Condition.maximumDepth)",
                "divide it among several policies")
        }
        if take("not") {
            try readOne()
            return write(.not, start)
        }
        guard take("(") else { return try readComparison() }
        try readAny()
        try expect(")")
    }

    private mutating func write(_ step: Condition.Step, _ start: Int) {
        steps.append(step)
        ranges.append(start..<lexemes[max(position - 1, 0)].range.upperBound)
    }

    // MARK: comparisons

    private mutating func readComparison() throws(ConditionError) {
        let start = current
        tests += 1
        guard tests <= Condition.maximumParts else {
            throw ConditionError(
                start.range, "the condition has more than \(Condition.maximumParts) comparisons",
                "divide it among several policies")
        }
        let test: Test
        if take("has") {
            test = try readPresence()
        } else if case .text = start.kind {
            test = try readMembership()
        } else if case .number = start.kind {
            test = try readMembership()
        } else {
            test = try readQuestion(about: try readFact(), start.range)
        }
        write(.test(test), start.range.lowerBound)
    }

    private mutating func readPresence() throws(ConditionError) -> Test {
        try expect("(")
        if case .word(let word) = current.kind, let group = Test.Group(rawValue: word) {
            position += 1
            guarded.insert(word)
            try expect(")")
            return Test(.group(group), .isThere)
        }
        let fact = try readFact()
        guarded.insert(fact.text)
        try expect(")")
        return Test(.fact(fact), .isThere)
    }

    /// `"admin" in token.scope`
    private mutating func readMembership() throws(ConditionError) -> Test {
        let element = current
        position += 1
        let isNegated = take("not")
        guard take("in") else {
            throw ConditionError(
                element.range, "a comparison begins with a fact", "write the fact first, or \"text\" in LIST")
        }
        let place = current.range
        let list = try readFact()
        note(list, place)
        guard list.name.type == .list || list.name.type == .claim else {
            throw ConditionError(place, "\(list.text) is no list", "in wants a list on its right")
        }
        return Test(.fact(list), .hasElement(try constant(element, for: list, as: .hasElement)), isNegated: isNegated)
    }

    private mutating func readQuestion(about fact: Fact, _ place: Range<Int>) throws(ConditionError) -> Test {
        note(fact, place)
        let operation = current
        guard let question = takeQuestion() else {
            guard fact.name.type == .truth || fact.name.type == .claim else {
                throw Self.operatorMissing(fact, operation)
            }
            return Test(.fact(fact), .isTrue)
        }
        guard question.fits(fact.name.type) else { throw question.misfit(fact, operation.range) }
        let predicate = question.isMembership ? try readSet(for: fact) : try readOperand(question, for: fact)
        return Test(.fact(fact), predicate, isNegated: question.isNegated)
    }

    private mutating func readOperand(_ question: Question, for fact: Fact) throws(ConditionError) -> Test.Predicate {
        let operand = current
        if case .word(let word) = operand.kind, word != "true", word != "false" {
            let other = try readFact()
            note(other, operand.range)
            return try question.predicate(fact, other, at: operand.range)
        }
        position += 1
        return question.predicate(try constant(operand, for: fact, as: question), for: fact.name.type)
    }

    private mutating func readSet(for fact: Fact) throws(ConditionError) -> Test.Predicate {
        let place = current.range
        guard take("[") else {
            let list = try readFact()
            note(list, place)
            guard list.name.type == .list || list.name.type == .claim,
                fact.name.type == .text || fact.name.type == .claim
            else {
                throw ConditionError(place, "\(fact.text) in \(list.text) does not fit", "in wants a list on its right")
            }
            return .isElementOf(list)
        }
        var constants: [Constant] = []
        repeat {
            constants.append(try constant(current, for: fact, as: .equal))
            position += 1
            guard constants.count <= Condition.maximumParts else {
                throw ConditionError(
                    place, "the list has more than \(Condition.maximumParts) elements",
                    "divide it among several policies")
            }
        } while take(",")
        try expect("]")
        return .isOneOf(constants)
    }

    // MARK: lexemes

    var current: Lexeme { lexemes[position] }

    /// Takes a keyword or symbol if it comes next.
    mutating func take(_ word: String) -> Bool {
        guard current.kind == .word(word) || current.kind == .symbol(word) else { return false }
        position += 1
        return true
    }

    mutating func expect(_ symbol: String) throws(ConditionError) {
        guard take(symbol) else {
            throw ConditionError(current.range, "\(symbol) is missing here", "wanted: \(symbol)")
        }
    }

    private mutating func takeQuestion() -> Question? {
        switch current.kind {
        case .word("not") where lexemes[min(position + 1, lexemes.count - 1)].kind == .word("in"):
            position += 2
            return .notIn
        case .word(let word), .symbol(let word):
            guard let question = Question(rawValue: word) else { return nil }
            position += 1
            return question
        default: return nil
        }
    }

    private mutating func note(_ fact: Fact, _ range: Range<Int>) { asked.append((fact, range)) }
}
