/// A value that stands in a condition, in the form that is compared.
enum Constant: Sendable, Hashable {
    case text([UInt8])
    case number(Int)
    case truth(Bool)
    /// Seconds since 1970.
    case moment(Int64)
    /// A single address is a network of one.
    case network(AddressBlock)
}

/// Facts that are there together or not at all.
package enum FactGroup: String, Sendable, CaseIterable {
    case token, certificate, key, identity
}

/// The smallest part of a condition: one question about one fact.
struct Test: Sendable {
    enum Subject: Sendable, Hashable {
        case fact(Fact)
        case group(Group)
    }

    typealias Group = FactGroup

    enum Predicate: Sendable {
        case isThere
        case isTrue
        case equals(Constant)
        case equalsFact(Fact)
        case ordered(Order, Constant)
        case orderedFact(Order, Fact)
        case isOneOf([Constant])
        /// Of a list, also of one in a token.
        case hasElement(Constant)
        /// The subject is an element of the list that this fact is.
        case isElementOf(Fact)
        case hasPart(BytePattern)
        case startsWith([UInt8])
        case endsWith([UInt8])
        case isLike(Glob)
    }

    enum Order: String, Sendable {
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="

        func holds<Value: Comparable>(_ left: Value, _ right: Value) -> Bool {
            switch self {
            case .less: left < right
            case .lessOrEqual: left <= right
            case .greater: left > right
            case .greaterOrEqual: left >= right
            }
        }
    }

    let subject: Subject
    let predicate: Predicate
    /// For `!=` and `not in`: the opposite, where there is one.
    let isNegated: Bool

    init(_ subject: Subject, _ predicate: Predicate, isNegated: Bool = false) {
        self.subject = subject
        self.predicate = predicate
        self.isNegated = isNegated
    }
}
