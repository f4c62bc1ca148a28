/// How many tokens a gateway takes from the shared counters at a time: a fiftieth of the limit, but no more than a
/// tenth of a second of its rate. All gateways together admit at most so many too much as they hold.
package struct LeaseTerms: Sendable, Hashable {
    /// Tokens of one lease, at least 1.
    let size: Int64
    /// The most that is asked for at once.
    let most: Int64

    init(_ quota: Quota) {
        switch quota {
        case .pace(let pace):
            let tenth = Self.tokens(of: pace, inNanoseconds: 100_000_000)
            size = Self.bounded(min(pace.burst / 50, tenth), below: pace.burst)
            most = Self.bounded(pace.burst, below: pace.burst)
        case .calendar(let calendar):
            size = Self.bounded(calendar.limit / 500, below: calendar.limit)
            most = Self.bounded(calendar.limit / 50, below: calendar.limit)
        case .concurrent:
            (size, most) = (1, 1)
        }
    }

    private static func tokens(of pace: Pace, inNanoseconds span: UInt64) -> UInt64 {
        let (high, low) = pace.amount.multipliedFullWidth(by: span)
        return high < pace.period ? pace.period.dividingFullWidth((high, low)).quotient : pace.burst
    }

    private static func bounded(_ count: UInt64, below limit: UInt64) -> Int64 {
        Int64(clamping: max(1, min(count, limit)))
    }
}
