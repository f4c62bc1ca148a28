import SallyportConfig

/// When a second target is asked because the first one is slow, and how often that may be.
package struct HedgeTrigger: Sendable {
    private let settings: Hedge
    private var answers = LatencyWindow(length: 10_000_000_000)
    /// Each request adds its share, each hedge takes one.
    private var credit = 1.0
    private static let mostCredit = 10.0
    /// Nothing is known of a service before so many answers.
    private static let leastAnswers = 20

    package init(_ settings: Hedge) { self.settings = settings }

    /// A request begins: how long to wait for its head before another target is asked; nil: that is not known yet.
    package mutating func began() -> Nanoseconds? {
        credit = min(Self.mostCredit, credit + settings.share.fraction)
        return answers.quantile(0.95, atLeast: Self.leastAnswers).map { max($0, settings.after.inNanoseconds) }
    }

    package mutating func answered(after duration: Nanoseconds, now: Nanoseconds) {
        answers.record(duration, now: now)
    }

    /// Whether the share allows one more now.
    package mutating func take() -> Bool {
        guard credit >= 1 else { return false }
        credit -= 1
        return true
    }
}
