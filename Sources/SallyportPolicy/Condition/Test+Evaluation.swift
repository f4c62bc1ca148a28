extension Test {
    func outcome(_ circumstances: borrowing Circumstances) -> Outcome {
        let outcome =
            switch subject {
            case .group(let group): Outcome(circumstances.has(group))
            case .fact(let fact): outcome(fact, circumstances)
            }
        return isNegated ? !outcome : outcome
    }

    private func outcome(_ fact: Fact, _ circumstances: borrowing Circumstances) -> Outcome {
        if case .isThere = predicate { return Outcome(circumstances.has(fact)) }
        let value = circumstances.value(of: fact)
        return decided(value, circumstances).map { Outcome($0) } ?? .undecided
    }

    /// Nil when the value is missing, or of a kind that the question does not fit.
    private func decided(_ value: FactValue, _ circumstances: borrowing Circumstances) -> Bool? {
        switch predicate {
        case .equalsFact(let other): value.isEqual(to: circumstances.value(of: other))
        case .orderedFact(let order, let other): value.compare(order, circumstances.value(of: other))
        case .isElementOf(let list): circumstances.value(of: list).hasElement(value)
        default: decidedAlone(value)
        }
    }

    /// The same where the value decides without other facts; nil for questions that need some.
    func decidedAlone(_ value: FactValue) -> Bool? {
        switch predicate {
        case .isThere, .equalsFact, .orderedFact, .isElementOf: nil
        case .isTrue: value.isEqual(to: Constant.truth(true))
        case .equals(let constant): value.isEqual(to: constant)
        case .ordered(let order, let constant): value.compare(order, constant)
        case .isOneOf(let constants): value.isOne(of: constants)
        case .hasElement(let constant): value.hasElement(constant)
        case .hasPart(let pattern): value.someText { pattern.end(in: $0) != nil }
        case .startsWith(let prefix): value.someText { $0.starts(with: prefix.span) }
        case .endsWith(let suffix): value.someText { $0.ends(with: suffix.span) }
        case .isLike(let glob): value.someText { glob.matches($0) }
        }
    }
}

extension Circumstances {
    func has(_ group: Test.Group) -> Bool {
        switch group {
        case .token: token != nil
        case .certificate: certificate != nil
        case .key: key != nil
        case .identity: names != nil
        }
    }
}

extension FactValue {
    /// Nil for values of different kinds: a text is neither equal to a number nor different from it.
    fileprivate func isEqual(to constant: Constant) -> Bool? {
        switch (self, constant) {
        case (.text(let own), .text(let other)): own.withSpan { $0.isEqual(to: other.span) }
        case (.number(let own), .number(let other)): own == other
        case (.decimal(let own), .number(let other)): own == Double(other)
        case (.truth(let own), .truth(let other)): own == other
        case (.moment(let own), .moment(let other)): own == other
        case (.address(let own), .network(let other)): other.contains(own)
        default: nil
        }
    }

    fileprivate func isEqual(to other: FactValue) -> Bool? {
        switch (self, other) {
        case (.text(let left), .text(let right)): left.isEqual(to: right)
        case (.number(let left), .number(let right)): left == right
        case (.decimal(let left), .decimal(let right)): left == right
        case (.truth(let left), .truth(let right)): left == right
        case (.moment(let left), .moment(let right)): left == right
        default: nil
        }
    }

    fileprivate func compare(_ order: Test.Order, _ constant: Constant) -> Bool? {
        switch (self, constant) {
        case (.number(let own), .number(let other)): order.holds(own, other)
        case (.decimal(let own), .number(let other)): order.holds(own, Double(other))
        case (.moment(let own), .moment(let other)): order.holds(own, other)
        default: nil
        }
    }

    fileprivate func compare(_ order: Test.Order, _ other: FactValue) -> Bool? {
        switch (self, other) {
        case (.number(let left), .number(let right)): order.holds(left, right)
        case (.decimal(let left), .decimal(let right)): order.holds(left, right)
        case (.moment(let left), .moment(let right)): order.holds(left, right)
        default: nil
        }
    }

    fileprivate func isOne(of constants: [Constant]) -> Bool? {
        var isDecided = false
        for constant in constants {
            guard let equal = isEqual(to: constant) else { continue }
            if equal { return true }
            isDecided = true
        }
        return isDecided ? false : nil
    }

    fileprivate func hasElement(_ constant: Constant) -> Bool? {
        switch self {
        case .list(let texts):
            guard case .text(let wanted) = constant else { return nil }
            return texts.contains { $0.utf8.span.isEqual(to: wanted.span) }
        case .claims(let claims): return claims.contains { FactValue($0).isEqual(to: constant) == true }
        default: return nil
        }
    }

    fileprivate func hasElement(_ element: FactValue) -> Bool? {
        switch (self, element) {
        case (.list(let texts), .text(let wanted)): texts.contains { wanted.isEqual(to: .string($0)) }
        case (.claims(let claims), .text), (.claims(let claims), .number), (.claims(let claims), .truth):
            claims.contains { FactValue($0).isEqual(to: element) == true }
        default: nil
        }
    }

    /// Of a text: whether it satisfies; of a list: whether some element does.
    fileprivate func someText(_ satisfies: (Span<UInt8>) -> Bool) -> Bool? {
        switch self {
        case .text(let text): text.withSpan(satisfies)
        case .list(let texts): texts.contains { satisfies($0.utf8.span) }
        case .claims(let claims):
            claims.contains { claim in
                guard case .text(let text) = claim else { return false }
                return satisfies(text.utf8.span)
            }
        default: nil
        }
    }
}
