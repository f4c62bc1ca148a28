/// A token bucket in eight bytes (the generic cell rate algorithm): the time at which it will be full again.
///
/// Times are nanoseconds of a clock that does not go back.
package struct RateBucket: Sendable {
    package struct Rate: Sendable, Hashable {
        /// Nanoseconds for one token.
        let interval: UInt64
        /// How far ahead of now a full use of the burst may lie.
        let tolerance: UInt64

        /// - Parameters:
        ///   - perSecond: Tokens in a second, at least 1.
        ///   - burst: Tokens of a full bucket, at least 1.
        package init(perSecond: Int, burst: Int) {
            interval = 1_000_000_000 / UInt64(max(1, perSecond))
            tolerance = interval &* UInt64(max(0, min(burst, 1 << 24) - 1))
        }
    }

    private var fullAt: UInt64 = 0

    package init() {}

    /// A bucket with one token.
    init(nearlyEmptyAt now: UInt64, _ rate: Rate) {
        fullAt = now &+ rate.tolerance
    }

    /// Takes a token; false when there is none.
    package mutating func take(at now: UInt64, _ rate: Rate) -> Bool {
        let start = max(fullAt, now)
        guard start - now <= rate.tolerance else { return false }
        fullAt = start + rate.interval
        return true
    }

    package func isFull(at now: UInt64) -> Bool { fullAt <= now }
}
