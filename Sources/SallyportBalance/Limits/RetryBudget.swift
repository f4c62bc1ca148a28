import SallyportConfig

/// How many requests may be repeated: a share of those of the last ten seconds, and a few each second in any case.
/// Without it, the retries for a service that is overloaded are what keeps it overloaded.
package struct RetryBudget: Sendable {
    private static let seconds = 10
    private let share: Double
    private let perSecond: Int
    private var requests = [Int](repeating: 0, count: seconds)
    private var retries = [Int](repeating: 0, count: seconds)
    private var second: Int64 = 0
    private var allRequests = 0
    private var allRetries = 0

    package init(_ settings: Retries) {
        share = settings.budget.fraction
        perSecond = settings.perSecond
    }

    /// A request begins.
    package mutating func began(now: Nanoseconds) {
        advance(to: now)
        requests[slot] += 1
        allRequests += 1
    }

    /// Takes one from the budget; false when it is used up.
    package mutating func take(now: Nanoseconds) -> Bool {
        advance(to: now)
        let earned = Double(allRequests) * share + Double(perSecond * Self.seconds)
        guard Double(allRetries + 1) <= earned else { return false }
        retries[slot] += 1
        allRetries += 1
        return true
    }

    private var slot: Int { Int(second % Int64(Self.seconds)) }

    private mutating func advance(to now: Nanoseconds) {
        let wanted = max(0, now / 1_000_000_000)
        guard wanted > second else { return }
        for _ in 0..<min(wanted - second, Int64(Self.seconds)) {
            second += 1
            clear()
        }
        if second < wanted {
            second = wanted
        }
    }

    private mutating func clear() {
        allRequests -= requests[slot]
        allRetries -= retries[slot]
        requests[slot] = 0
        retries[slot] = 0
    }
}
