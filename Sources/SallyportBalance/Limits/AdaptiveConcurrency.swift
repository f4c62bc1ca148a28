/// Finds how many requests an upstream can bear at a time from how fast it answers.
///
/// The quickest answers of the last half minute show what a request takes when it waits for nothing. Answers that take
/// twice as long mean that half of what is under way only waits, so half as much would do: the limit follows the ratio
/// of the two, and tries a little more each time (a gradient, as in Netflix's concurrency-limits and Envoy). Every half
/// minute the limit falls to a quarter for one window, so that the quickest answer is seen anew: nothing waits then, and
/// a service that has become slower for good is believed.
package struct AdaptiveConcurrency: Sendable {
    package private(set) var limit: Double
    private var window = LatencyWindow(length: .max)
    private var windowBegan: Nanoseconds = .min
    private var busiest = 0
    /// Quickest of the running period, and of the one before.
    private var quickest: Nanoseconds = .max
    private var formerQuickest: Nanoseconds = .max
    private var periodBegan: Nanoseconds = .min
    private var isProbing = false

    private static let windowLength: Nanoseconds = 100_000_000
    private static let leastAnswers = 10
    private static let period: Nanoseconds = 30_000_000_000
    /// Answers may be this much slower than the quickest before anything is made of it.
    private static let tolerance = 1.25
    package static let lowest = 4.0
    package static let highest = 10_000.0

    package init(initial: Double = 20) { limit = initial }

    /// How many may be under way now.
    package var bound: Int { Int(max(Self.lowest, isProbing ? limit / 4 : limit).rounded(.up)) }

    package func admits(underWay: Int) -> Bool { underWay < bound }

    /// The head of a response came.
    package mutating func answered(after duration: Nanoseconds, underWay: Int, now: Nanoseconds) {
        if windowBegan == .min {
            windowBegan = now
            periodBegan = now
        }
        busiest = max(busiest, underWay)
        window.record(duration, now: now)
        guard now - windowBegan >= Self.windowLength, window.count >= Self.leastAnswers else { return }
        endWindow(now)
    }

    private mutating func endWindow(_ now: Nanoseconds) {
        defer {
            window.clear()
            busiest = 0
            windowBegan = now
        }
        guard let quick = window.quantile(0.1, atLeast: 1), let usual = window.quantile(0.9, atLeast: 1) else { return }
        if now - periodBegan >= Self.period {
            formerQuickest = quickest
            quickest = .max
            periodBegan = now
            isProbing = true
        } else {
            isProbing = false
        }
        quickest = min(quickest, quick)
        let base = Double(min(quickest, formerQuickest))
        let ratio = max(0.5, min(1, Self.tolerance * base / Double(max(1, usual))))
        // A limit that nothing comes near to shows nothing, and isn't raised.
        if ratio >= 1, Double(busiest) < limit / 2 { return }
        let wanted = limit * ratio + limit.squareRoot() * (ratio >= 1 ? 1 : 0.25)
        limit = min(Self.highest, max(Self.lowest, limit * 0.5 + wanted * 0.5))
    }
}
