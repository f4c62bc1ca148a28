/// A rate with a burst by the generic cell rate algorithm (ITU-T I.371): of each caller only the time is kept at which
/// the full burst will be there again.
///
/// That time is exact: nanoseconds, and a rest in parts of one nanosecond by `amount`. Whatever the rate, after `t`
/// nanoseconds of more demand than there is, exactly `burst + ⌊t · amount / period⌋` were admitted.
struct Pace: Sendable, Hashable {
    /// Nanoseconds in which `amount` comes back.
    let period: UInt64
    let amount: UInt64
    let burst: UInt64
    private let one: Span
    private let whole: Span

    /// - Parameters:
    ///   - amount: At least 1.
    ///   - period: Nanoseconds, at least 1.
    ///   - burst: At least 1.
    init(amount: UInt64, period: UInt64, burst: UInt64) {
        self.amount = max(1, amount)
        self.period = max(1, period)
        self.burst = max(1, burst)
        one = Self.span(of: 1, self.period, self.amount)
        whole = Self.span(of: self.burst, self.period, self.amount)
    }

    /// The same rate for one of so many gateways that share it.
    func share(of count: UInt64) -> Pace {
        let (longer, overflow) = period.multipliedReportingOverflow(by: max(1, count))
        return Pace(amount: amount, period: overflow ? .max : longer, burst: burst / max(1, count))
    }

    /// - Parameter cost: 0 asks whether anything is left, and takes nothing.
    func check(_ state: QuotaState, cost: UInt64, now: UInt64) -> QuotaCheck {
        let start = fullAt(state, now: now)
        let new = advanced(start, by: cost)
        let needed = cost == 0 ? advanced(start, by: 1) : new
        let limit = latest(now)
        guard needed <= limit else {
            return QuotaCheck(
                isAdmitted: false, remaining: room(from: start, now), untilFull: start.nanoseconds - now,
                retryAfter: Self.wait(needed, limit), after: state)
        }
        return QuotaCheck(
            isAdmitted: true, remaining: room(from: new, now), untilFull: Self.roundedUp(new) - now, retryAfter: 0,
            after: QuotaState(first: new.nanoseconds, second: new.rest))
    }

    /// Takes without asking; what is not there is owed.
    func charge(_ state: QuotaState, cost: UInt64, now: UInt64) -> QuotaState {
        let new = advanced(fullAt(state, now: now), by: cost)
        return QuotaState(first: new.nanoseconds, second: new.rest)
    }

    /// Nanoseconds until nothing is known of the caller any more.
    func load(_ state: QuotaState, now: UInt64) -> UInt64 { state.first > now ? state.first - now : 0 }

    // MARK: exact time

    /// A length of time or a moment: nanoseconds, and a rest in 1/amount of a nanosecond.
    private struct Span: Sendable, Hashable, Comparable {
        var nanoseconds: UInt64
        var rest: UInt64

        static func < (left: Span, right: Span) -> Bool {
            (left.nanoseconds, left.rest) < (right.nanoseconds, right.rest)
        }
    }

    private func fullAt(_ state: QuotaState, now: UInt64) -> Span {
        state.first >= now ? Span(nanoseconds: state.first, rest: state.second) : Span(nanoseconds: now, rest: 0)
    }

    private func latest(_ now: UInt64) -> Span {
        Span(nanoseconds: Self.sum(now, whole.nanoseconds), rest: whole.rest)
    }

    private func advanced(_ start: Span, by cost: UInt64) -> Span {
        let length = cost == 1 ? one : cost == 0 ? Span(nanoseconds: 0, rest: 0) : Self.span(of: cost, period, amount)
        let carries = length.rest >= amount - start.rest
        let rest = carries ? length.rest - (amount - start.rest) : start.rest + length.rest
        return Span(
            nanoseconds: Self.sum(Self.sum(start.nanoseconds, length.nanoseconds), carries ? 1 : 0), rest: rest)
    }

    /// What could be taken at once.
    private func room(from fullAt: Span, _ now: UInt64) -> UInt64 {
        let end = latest(now)
        guard fullAt < end else { return 0 }
        let borrows = end.rest < fullAt.rest
        let rest = borrows ? amount - (fullAt.rest - end.rest) : end.rest - fullAt.rest
        let length = end.nanoseconds - fullAt.nanoseconds - (borrows ? 1 : 0)
        let (high, low) = length.multipliedFullWidth(by: amount)
        let (total, carry) = low.addingReportingOverflow(rest)
        let upper = high + (carry ? 1 : 0)
        return upper < period ? min(burst, period.dividingFullWidth((upper, total)).quotient) : burst
    }

    private static func span(of cost: UInt64, _ period: UInt64, _ amount: UInt64) -> Span {
        let (high, low) = cost.multipliedFullWidth(by: period)
        guard high < amount else { return Span(nanoseconds: .max, rest: 0) }
        let (quotient, remainder) = amount.dividingFullWidth((high, low))
        return Span(nanoseconds: quotient, rest: remainder)
    }

    private static func wait(_ needed: Span, _ limit: Span) -> UInt64 {
        needed.nanoseconds - limit.nanoseconds + (needed.rest > limit.rest ? 1 : 0)
    }

    private static func roundedUp(_ span: Span) -> UInt64 { sum(span.nanoseconds, span.rest > 0 ? 1 : 0) }

    private static func sum(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? .max : sum
    }
}
