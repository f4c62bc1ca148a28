/// What this gateway holds of one caller's quota in the shared counters: tokens that were leased and not used, or a
/// denial that still holds. Pure: time and answers in, verdicts and questions out.
struct LeasedBucket: Sendable {
    /// Below zero: bytes that were used beyond the lease, to be charged with the next one.
    private(set) var tokens: Int64 = 0
    private(set) var isAsked = false
    private var deniedUntil: UInt64 = 0
    /// A denial may be for hours, and the counts that it rests on may be gone long before.
    private var asksAgainAt: UInt64 = 0
    /// When the shared counters have forgotten the lease, and the tokens are none any more.
    private var expiresAt: UInt64 = 0
    /// Requests that found nothing while the answer was under way.
    private var demand: Int64 = 0
    /// What the shared counters had left after the last answer, and when they are full again.
    private var left: UInt64 = 0
    private var fullAt: UInt64 = 0

    enum Verdict: Sendable, Hashable {
        case available
        case refused(retryAfter: UInt64)
        /// Nothing is known, or nothing is left of the lease.
        case unknown
    }

    mutating func verdict(cost: UInt64, now: UInt64) -> Verdict {
        if now >= expiresAt, tokens > 0 { tokens = 0 }
        if tokens >= max(1, Int64(clamping: cost)) { return .available }
        if deniedUntil > now { return .refused(retryAfter: deniedUntil - now) }
        return .unknown
    }

    mutating func take(_ cost: UInt64) {
        tokens = tokens.subtractingReportingOverflow(Int64(clamping: cost)).partialValue
        tokens = max(tokens, -(1 << 48))
    }

    /// What to ask the shared counters for, if it is time to: when half of the lease is used, and while they deny more
    /// every few seconds.
    mutating func question(_ terms: LeaseTerms, now: UInt64) -> LeaseQuestion? {
        let mayAsk = deniedUntil <= now || asksAgainAt <= now
        guard !isAsked, mayAsk, tokens * 2 < terms.size || demand > 0 else { return nil }
        isAsked = true
        asksAgainAt = now + Self.doubt
        let owed = max(0, -tokens)
        let wanted = min(terms.most, terms.size + demand)
        demand = 0
        return LeaseQuestion(want: wanted, owed: owed)
    }

    /// A request waits for the answer.
    mutating func awaits(_ cost: UInt64) { demand = min(1 << 32, demand + Int64(clamping: max(1, cost))) }

    mutating func receive(_ answer: LeaseAnswer, to question: LeaseQuestion, now: UInt64) {
        isAsked = false
        demand = 0
        tokens += question.owed + answer.granted
        left = answer.left
        fullAt = now + answer.untilFull
        expiresAt = max(expiresAt, now + max(answer.untilFull, Self.shortest))
        deniedUntil = answer.granted == 0 ? now + max(answer.retryAfter, Self.pause) : 0
    }

    /// The shared counters did not answer.
    mutating func missed() {
        isAsked = false
        demand = 0
    }

    /// Takes what could be given back.
    mutating func surrender() -> Int64 {
        defer { tokens = min(tokens, 0) }
        return max(0, tokens)
    }

    /// Nothing is lost without it.
    func isIdle(now: UInt64) -> Bool { !isAsked && tokens >= 0 && now >= expiresAt && now >= deniedUntil }

    /// For the fields of a response.
    var remaining: UInt64 { left + UInt64(max(0, tokens)) }

    func untilFull(now: UInt64) -> UInt64 { fullAt > now ? fullAt - now : 0 }

    /// Tokens are good for so long at least; the trip of the answer is in it.
    private static let shortest: UInt64 = 1_000_000_000
    /// After a denial nobody asks again before that.
    private static let pause: UInt64 = 1_000_000
    /// After which a longer denial is asked about.
    private static let doubt: UInt64 = 5_000_000_000
}

/// What the shared counters are asked for one caller.
package struct LeaseQuestion: Sendable, Hashable {
    /// Tokens wanted; fewer may be granted.
    package let want: Int64
    /// Tokens that were used already and are charged in any case.
    package let owed: Int64

    package init(want: Int64, owed: Int64) {
        self.want = want
        self.owed = owed
    }
}

package struct LeaseAnswer: Sendable, Hashable {
    /// 0 … want.
    package var granted: Int64
    /// What anybody could still take.
    package var left: UInt64
    /// Nanoseconds until a token can be had, where none was granted.
    package var retryAfter: UInt64
    /// Nanoseconds until all of the quota is there again.
    package var untilFull: UInt64

    package init(granted: Int64, left: UInt64, retryAfter: UInt64, untilFull: UInt64) {
        self.granted = granted
        self.left = left
        self.retryAfter = retryAfter
        self.untilFull = untilFull
    }
}
