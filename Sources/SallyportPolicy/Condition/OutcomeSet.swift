/// Which outcomes something can have.
package struct OutcomeSet: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    init(_ outcome: Outcome) { rawValue = 1 << outcome.rawValue }

    package static let fails = OutcomeSet(.fails)
    package static let undecided = OutcomeSet(.undecided)
    package static let holds = OutcomeSet(.holds)
    static let all: OutcomeSet = [.fails, .undecided, .holds]

    var outcomes: [Outcome] { [.fails, .undecided, .holds].filter { contains(OutcomeSet($0)) } }

    static prefix func ! (set: OutcomeSet) -> OutcomeSet {
        set.outcomes.reduce(into: []) { $0.formUnion(OutcomeSet(!$1)) }
    }

    /// Of two parts that have nothing to do with each other.
    func combined(with other: OutcomeSet, _ operation: (Outcome, Outcome) -> Outcome) -> OutcomeSet {
        outcomes.reduce(into: []) { found, left in
            for right in other.outcomes { found.formUnion(OutcomeSet(operation(left, right))) }
        }
    }
}
