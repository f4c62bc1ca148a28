import SallyportConfig

/// What the questions to one endpoint have shown so far.
///
/// Before the first good answer a single bad one takes it down: a target that never worked has no credit. After that
/// it takes `downAfter` bad answers in a row, and `upAfter` good ones to come back.
package struct ActiveHealth: Sendable, Equatable {
    package private(set) var isUp = true
    /// Answers in a row that speak against the present state.
    private var streak = 0
    private var wasEverGood = false

    package init() {}

    package enum Change: Sendable, Equatable { case up, down }

    package mutating func record(isGood: Bool, _ check: HealthCheck) -> Change? {
        defer { if isGood { wasEverGood = true } }
        guard isGood != isUp else {
            streak = 0
            return nil
        }
        streak += 1
        let needed = isUp ? (wasEverGood ? check.downAfter : 1) : (wasEverGood ? check.upAfter : 1)
        guard streak >= needed else { return nil }
        isUp = isGood
        streak = 0
        return isGood ? .up : .down
    }

    /// Up to a tenth earlier or later, so that gateways that began together do not ask together.
    package static func pause(_ check: HealthCheck, random: inout SeededRandom) -> Nanoseconds {
        let every = Double(check.every.inNanoseconds)
        return Nanoseconds(every * (0.9 + 0.2 * random.fraction()))
    }
}
