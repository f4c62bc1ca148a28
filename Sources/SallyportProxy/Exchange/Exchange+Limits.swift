import NIOCore
import SallyportAccess
import SallyportCluster
import SallyportHTTP
import SallyportLimits
import SallyportModel

/// What the rate limits of a route have said about one exchange.
struct ExchangeLimits {
    /// A request waits no longer than this for the shared counters.
    static let patience = TimeAmount.milliseconds(50)
    /// Bytes after which a limit that counts bytes is told.
    static let reportEvery = 64 << 10

    var keys: [LimitKey] = []
    var states: [LimitState] = []
    /// Places under limits of concurrency.
    var hold: LimitHold?
    /// Bytes that were counted.
    var charged = 0
    /// When the wait for the shared counters is over.
    var deadline: NIODeadline?
    var timer: Scheduled<Void>?
    /// Set with the first request that is admitted: bytes are counted from then on.
    var plan: LimitPlan?
}

extension Exchange {
    /// Whether the request keeps within every limit of its route. False: it has been answered, or waits.
    func limit(_ route: CompiledRoute) -> Bool {
        let plan = route.policy.limits
        guard !plan.isEmpty else { return true }
        if limits.keys.isEmpty { limits.keys = plan.limits.map { key($0, plan.keyHasher()) } }
        let decision = plan.decide(limits.keys, at: .now, cluster: clusterView(plan)) { [self] index in
            callerName(plan.limits[index])
        }
        for question in decision.questions { view.generation.cluster?.ask(question) }
        limits.states = decision.states
        switch decision.verdict {
        case .admitted:
            limits.hold = decision.hold
            limits.plan = plan
            return true
        case .refused: answer(Self.refusal(decision))
        case .pending: awaitLease(of: plan, decision, route)
        }
        return false
    }

    /// As it is, or as it is for a request that has waited for long enough.
    private func clusterView(_ plan: LimitPlan) -> ClusterView {
        guard plan.isShared, let cluster = view.generation.cluster else { return .unreachable }
        var known = cluster.view
        if let deadline = limits.deadline, deadline <= .now() { known.isReachable = false }
        return known
    }

    private static func refusal(_ decision: LimitDecision) -> LocalReply {
        let refusing = decision.refusing
        let reason: Reason =
            switch refusing.first {
            case let state? where state.cause == .clusterAway: .clusterLimitClosed
            case let state? where state.cause == .full: .limitTableFull
            case let state?: state.reason
            case nil: .internalError
            }
        return LocalReply(
            reason, fields: [("retry-after", "\(RateLimitFields.retryAfter(decision))")],
            quota: QuotaProblem(
                type: reason.status == 503 ? .temporaryReducedCapacity : .quotaExceeded,
                violatedPolicies: refusing.map(\.name)))
    }

    // MARK: waiting for a lease

    private func awaitLease(of plan: LimitPlan, _ decision: LimitDecision, _ route: CompiledRoute) {
        let deadline = limits.deadline ?? .now() + ExchangeLimits.patience
        limits.deadline = deadline
        // The timer below ends the wait; this is for an exchange that it cannot reach.
        let number = nextSuspension()
        suspend(number, until: deadline + .seconds(1), otherwise: LocalReply(.clusterLimitClosed))
        limits.timer = loop.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [self] in leaseCame(route, number) }
        guard let index = decision.unknown.first, let leases = plan.limits[index].limiter.leases else { return }
        let (eventLoop, this) = (loop.eventLoop, NIOLoopBound(self, eventLoop: loop.eventLoop))
        let isUnderWay = leases.wait(for: limits.keys[index]) {
            eventLoop.execute { this.value.leaseCame(route, number) }
        }
        // It came between the decision and now, on another thread.
        if !isUnderWay { eventLoop.execute { this.value.leaseCame(route, number) } }
    }

    /// A lease, the news that there is none, or the end of patience.
    private func leaseCame(_ route: CompiledRoute, _ suspension: Int) {
        guard resume(suspension) else { return }
        limits.timer.take()?.cancel()
        decide(route, from: .limit)
    }

    // MARK: who is counted

    private func key(_ limit: BoundLimit, _ hasher: LimitKeyHasher) -> LimitKey {
        var hasher = hasher
        add(limit, to: &hasher)
        return hasher.key()
    }

    private func callerName(_ limit: BoundLimit) -> String {
        var name = CallerName(limit)
        add(limit, to: &name)
        return name.text()
    }

    /// Whoever has none of what a limit counts by is counted by address: to leave something out must not pay.
    private func add(_ limit: BoundLimit, to parts: inout some LimitKeyParts) {
        for part in limit.rule.by {
            switch part {
            case .identity:
                if let name = caller.names.first { parts.add(.identity, name.utf8) } else { addClient(to: &parts) }
            case .client: addClient(to: &parts)
            case .address: parts.add(.address, session.countedAddress)
            case .route: parts.add(.route, (record.route?.route.name ?? "").utf8)
            case .claim(let name): addClaim(name, to: &parts)
            case .key:
                if let key = caller.key {
                    parts.add(.apiKey, key.name.utf8)
                } else {
                    parts.add(.address, session.countedAddress)
                }
            case .header(let name):
                let values = head.fields(named: name).filter(\.isForwarded)
                if values.count == 1 {
                    parts.add(.header, head.bytes[values[0].valueRange])
                } else {
                    parts.add(.address, session.countedAddress)
                }
            }
        }
    }

    /// Issuers name their claims as they like, so a value counts together with who gave it.
    private func addClaim(_ name: String, to parts: inout some LimitKeyParts) {
        guard let token = caller.token, let value = token.claims[path: [name]]?.scalarText else {
            return parts.add(.address, session.countedAddress)
        }
        parts.add(.issuer, token.issuer.utf8)
        parts.add(.claim, value.utf8)
    }

    private func addClient(to parts: inout some LimitKeyParts) {
        if let client = caller.client {
            parts.add(.client, client.utf8)
        } else {
            parts.add(.address, session.countedAddress)
        }
    }

    // MARK: what is told

    /// `RateLimit` and its kind, for a response of whoever answers.
    var limitFields: [(name: String, value: String)] {
        limits.states.isEmpty ? [] : RateLimitFields.fields(limits.states).map { ($0.name, $0.value) }
    }

    /// Beside an upstream's own: it may have limits too, and they are not ours to hide. Of the older fields there can
    /// be one set only.
    func addLimitFields(to plan: inout ResponsePlan, of response: ResponseHead) {
        guard !limits.states.isEmpty else { return }
        RateLimitFields.append(
            limits.states, older: { response.fields(named: "x-ratelimit-limit").isEmpty }, to: &plan.added)
    }

    // MARK: what is counted on the way

    /// Bytes have passed.
    func countBytes() {
        guard limits.plan?.countsBytes == true else { return }
        if record.requestBytes + record.responseBytes - limits.charged >= ExchangeLimits.reportEvery { chargeBytes() }
    }

    /// Whichever way the exchange ends.
    func endLimits() {
        limits.timer?.cancel()
        limits.hold = nil
        if limits.plan?.countsBytes == true { chargeBytes() }
    }

    private func chargeBytes() {
        guard let plan = limits.plan else { return }
        let bytes = record.requestBytes + record.responseBytes - limits.charged
        limits.charged += bytes
        let questions = plan.charge(bytes, limits.keys, at: .now, cluster: clusterView(plan)) { [self] index in
            callerName(plan.limits[index])
        }
        for question in questions { view.generation.cluster?.ask(question) }
    }
}

extension LimitState {
    fileprivate var reason: Reason {
        switch quota {
        case .concurrent: .concurrencyExceeded
        case .rate(let rate, _): rate.unit == .bytes ? .volumeExceeded : .rateExceeded
        }
    }
}

extension LimitTime {
    static var now: LimitTime {
        LimitTime(nanoseconds: NIODeadline.now().uptimeNanoseconds, unix: UnixTime.seconds())
    }
}
