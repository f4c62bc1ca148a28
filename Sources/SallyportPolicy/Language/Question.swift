/// An operator between a fact and a value.
enum Question: String, CaseIterable {
    case equal = "=="
    case unequal = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case within = "in"
    case notIn = "not in"
    case startsWith
    case endsWith
    case contains
    case like
    /// A text or number before `in`; no word of the language.
    case hasElement = "has element"

    var isNegated: Bool { self == .unequal || self == .notIn }
    var isMembership: Bool { self == .within || self == .notIn }

    private var order: Test.Order? { Test.Order(rawValue: rawValue) }

    func fits(_ type: FactType) -> Bool {
        switch self {
        case .equal, .unequal: type != .list
        case .less, .lessOrEqual, .greater, .greaterOrEqual: [.number, .moment, .claim].contains(type)
        case .within, .notIn: type != .list && type != .truth
        case .startsWith, .endsWith, .like: [.text, .list, .claim].contains(type)
        case .contains: [.text, .list, .claim].contains(type)
        case .hasElement: [.list, .claim].contains(type)
        }
    }

    func misfit(_ fact: Fact, _ range: Range<Int>) -> ConditionError {
        let label =
            switch fact.name.type {
            case .list: "lists are asked with contains: \(fact.text) contains \"…\""
            case .address: "addresses are asked with ==, != and in: \(fact.text) in [\"10.0.0.0/8\"]"
            case .truth: "write \(fact.text) or not \(fact.text)"
            case .number: "numbers are compared with == != < <= > >= and in"
            case .moment: "points in time are compared with == != < <= > >="
            case .text, .claim: "texts are compared with == != in startsWith endsWith contains and like"
            }
        return ConditionError(range, "\(rawValue) does not go with \(fact.text), a \(fact.name.type.rawValue)", label)
    }

    /// With a constant of the right kind. A claim contains only what is an element of it: that `"non-admin"` has the
    /// letters of `"admin"` in it makes nobody an administrator.
    func predicate(_ constant: Constant, for type: FactType) -> Test.Predicate {
        switch (self, constant) {
        case (.contains, _) where type != .text: .hasElement(constant)
        case (.startsWith, .text(let bytes)): .startsWith(bytes)
        case (.endsWith, .text(let bytes)): .endsWith(bytes)
        case (.like, .text(let bytes)): .isLike(Glob(bytes))
        case (.contains, .text(let bytes)): .hasPart(BytePattern(bytes))
        case (.hasElement, _): .hasElement(constant)
        default: order.map { .ordered($0, constant) } ?? .equals(constant)
        }
    }

    /// With another fact, of the same kind.
    func predicate(_ fact: Fact, _ other: Fact, at range: Range<Int>) throws(ConditionError) -> Test.Predicate {
        let types = (fact.name.type, other.name.type)
        guard types.0 == types.1 || types.0 == .claim || types.1 == .claim, types.1 != .list, types.1 != .address else {
            throw ConditionError(
                range, "\(fact.text) (\(types.0.rawValue)) and \(other.text) (\(types.1.rawValue)) cannot be compared",
                "both sides are of one kind")
        }
        switch self {
        case .equal, .unequal: return .equalsFact(other)
        case .less, .lessOrEqual, .greater, .greaterOrEqual:
            if let order { return .orderedFact(order, other) }
        default: break
        }
        throw ConditionError(range, "\(rawValue) wants a text in quotes on its right", "such as \"…\"")
    }
}
