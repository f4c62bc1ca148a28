import SallyportConfig

/// A quota in the form that decides: what is remembered and the time in, a verdict out.
enum Quota: Sendable, Hashable {
    case pace(Pace)
    case calendar(CalendarQuota)
    /// So many requests at a time.
    case concurrent(UInt64)

    init(_ quota: RateLimit.Quota) {
        switch quota {
        case .concurrent(let limit): self = .concurrent(max(1, limit))
        case .rate(let rate, let burst):
            switch rate.period {
            case .day: self = .calendar(CalendarQuota(limit: rate.amount, unit: .day))
            case .month: self = .calendar(CalendarQuota(limit: rate.amount, unit: .month))
            case .second: self = .pace(Pace(amount: rate.amount, period: 1_000_000_000, burst: burst))
            case .minute: self = .pace(Pace(amount: rate.amount, period: 60_000_000_000, burst: burst))
            case .hour: self = .pace(Pace(amount: rate.amount, period: 3_600_000_000_000, burst: burst))
            }
        }
    }

    /// What a caller who has done nothing may do at once.
    var limit: UInt64 {
        switch self {
        case .pace(let pace): pace.burst
        case .calendar(let calendar): calendar.limit
        case .concurrent(let limit): limit
        }
    }

    /// For one of so many gateways that share it; at least 1.
    func share(of count: Int) -> Quota {
        let count = UInt64(max(1, count))
        return switch self {
        case .pace(let pace): .pace(pace.share(of: count))
        case .calendar(let calendar): .calendar(calendar.share(of: count))
        case .concurrent(let limit): .concurrent(max(1, limit / count))
        }
    }

    /// - Parameter cost: 0 asks whether anything is left, and takes nothing.
    func check(_ state: QuotaState, cost: UInt64, at time: LimitTime) -> QuotaCheck {
        switch self {
        case .pace(let pace): return pace.check(state, cost: cost, now: time.nanoseconds)
        case .calendar(let calendar): return calendar.check(state, cost: cost, unix: time.unix)
        case .concurrent(let limit):
            let count = state.first
            let isAdmitted = count < limit
            return QuotaCheck(
                isAdmitted: isAdmitted, remaining: isAdmitted ? limit - count - 1 : 0, untilFull: 0, retryAfter: 0,
                after: QuotaState(first: count + 1))
        }
    }

    /// Takes without asking; what is not there is owed.
    func charge(_ state: QuotaState, cost: UInt64, at time: LimitTime) -> QuotaState {
        switch self {
        case .pace(let pace): pace.charge(state, cost: cost, now: time.nanoseconds)
        case .calendar(let calendar): calendar.charge(state, cost: cost, unix: time.unix)
        case .concurrent: state
        }
    }

    /// How much the state still says; 0: nothing, as if the caller were new.
    func load(_ state: QuotaState, at time: LimitTime) -> UInt64 {
        switch self {
        case .pace(let pace): pace.load(state, now: time.nanoseconds)
        case .calendar(let calendar): calendar.load(state, unix: time.unix)
        case .concurrent: state.first
        }
    }
}
