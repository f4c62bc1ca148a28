import SallyportConfig

/// What has been said while the limits of one request are asked.
struct LimitRound {
    let time: LimitTime
    let cluster: ClusterView
    let keys: [LimitKey]
    private var states: [LimitState] = []
    private var isRefused = false
    private var unknown: [Int] = []
    var questions: [LeaseRequest] = []
    var places: [(limiter: Limiter, key: LimitKey)] = []

    init(time: LimitTime, cluster: ClusterView, keys: [LimitKey]) {
        self.time = time
        self.cluster = cluster
        self.keys = keys
        states.reserveCapacity(keys.count)
    }

    /// Nobody has objected so far.
    var goesOn: Bool { !isRefused && unknown.isEmpty }

    mutating func note(_ limit: BoundLimit, _ check: QuotaCheck, limit most: UInt64) {
        add(
            limit, isAdmitted: check.isAdmitted, most: most, remaining: check.remaining, untilFull: check.untilFull,
            retryAfter: check.retryAfter)
    }

    mutating func note(
        _ limit: BoundLimit, _ bucket: LeasedBucket, _ verdict: LeasedBucket.Verdict, at index: Int
    ) {
        let now = time.nanoseconds
        let most = limit.limiter.quota.limit
        switch verdict {
        case .available:
            add(
                limit, isAdmitted: true, most: most, remaining: min(most, max(1, bucket.remaining) - 1),
                untilFull: bucket.untilFull(now: now), retryAfter: 0)
        case .refused(let retryAfter):
            add(
                limit, isAdmitted: false, most: most, remaining: 0, untilFull: bucket.untilFull(now: now),
                retryAfter: retryAfter)
        case .unknown:
            add(limit, isAdmitted: true, most: most, remaining: 0, untilFull: 0, retryAfter: 0)
            // A shadow is not worth a request's time.
            if !limit.rule.isShadow { unknown.append(index) }
        }
    }

    mutating func note(missing limit: BoundLimit) {
        let isAway = limit.limiter.leases != nil
        let isAdmitted = isAway && limit.rule.whenClusterFails == .open
        add(
            limit, isAdmitted: isAdmitted, most: limit.limiter.quota.limit, remaining: 0, untilFull: 0, retryAfter: 0,
            cause: isAway ? .clusterAway : .full)
    }

    private mutating func add(
        _ limit: BoundLimit, isAdmitted: Bool, most: UInt64, remaining: UInt64, untilFull: UInt64, retryAfter: UInt64,
        cause: LimitState.Cause = .quota
    ) {
        states.append(
            LimitState(
                bound: limit, isAdmitted: isAdmitted, limit: most, remaining: remaining, untilFull: untilFull,
                retryAfter: retryAfter, cause: cause))
        guard !isAdmitted else { return limit.limiter.countAdmission() }
        limit.limiter.countRefusal()
        if !limit.rule.isShadow { isRefused = true }
    }

    func decision() -> LimitDecision {
        // What was not counted is still there.
        let states = goesOn ? states : states.map(\.withoutThisRequest)
        return LimitDecision(
            verdict: isRefused ? .refused : unknown.isEmpty ? .admitted : .pending, states: states,
            questions: questions, unknown: unknown,
            hold: goesOn && !places.isEmpty ? LimitHold(places) : nil)
    }
}

extension LimitState {
    fileprivate var withoutThisRequest: LimitState {
        guard isAdmitted, cause == .quota else { return self }
        var state = self
        if bound.countsBytes { return self }
        state.remaining = min(limit, remaining + 1)
        return state
    }
}
