/// What a condition, or a part of one, says about a request (Kleene's three values).
///
/// A comparison with something that the request does not have, or has in two versions, is neither true nor false. Such
/// a doubt never opens a door: a `when` lets through only what holds, and a `deny` lets through only what fails.
package enum Outcome: UInt8, Sendable, Hashable, Comparable {
    case fails
    case undecided
    case holds

    package static func < (left: Outcome, right: Outcome) -> Bool { left.rawValue < right.rawValue }

    /// The opposite; a doubt stays a doubt.
    package static prefix func ! (outcome: Outcome) -> Outcome {
        switch outcome {
        case .fails: .holds
        case .undecided: .undecided
        case .holds: .fails
        }
    }

    init(_ truth: Bool) { self = truth ? .holds : .fails }
}

/// The outcomes that wait for their operator, two bits each.
///
/// 64 fit into one number, and `Condition.maximumDepth` keeps within it, so an evaluation takes no memory.
struct OutcomeStack {
    static let capacity = 64
    private var bits: UInt128 = 0

    mutating func push(_ outcome: Outcome) { bits = bits << 2 | UInt128(outcome.rawValue) }

    mutating func pop() -> Outcome {
        defer { bits >>= 2 }
        return top
    }

    var top: Outcome { Outcome(rawValue: UInt8(bits & 3)) ?? .undecided }
}
