import SallyportConfig
import Synchronization
import Testing

@testable import SallyportLimits

@Suite struct LimitPlanTests {
    static let memory = LimitMemory()
    static let time = LimitTime(nanoseconds: 1_000_000_000_000, unix: 1_795_392_000)
    static let key = LimitKey(low: 1, high: 2)

    static func limit(
        _ name: String, _ quota: RateLimit.Quota, scope: RateLimit.Scope = .local,
        failing: RateLimit.ClusterFailure = .openLocal, shadow: Bool = false
    ) -> BoundLimit {
        let rule = RateLimit(
            name: name, by: [.identity], quota: quota, scope: scope, whenClusterFails: failing, isShadow: shadow)
        return BoundLimit(rule, of: "policy", Limiter(rule, memory: memory))
    }

    static func plan(_ limits: [BoundLimit]) -> LimitPlan { LimitPlan(limits, hashKey: SipHashTests.key) }

    static func perSecond(_ amount: UInt64, burst: UInt64) -> RateLimit.Quota {
        .rate(Rate(amount, per: .second), burst: burst)
    }

    static func decide(
        _ plan: LimitPlan, at time: LimitTime = time, cluster: ClusterView = .unreachable
    ) -> LimitDecision {
        plan.decide(plan.limits.map { _ in key }, at: time, cluster: cluster, name: { "caller \($0)" })
    }

    @Test func aRequestThatOneLimitRefusesIsCountedByNone() {
        let wide = Self.limit("wide", Self.perSecond(1, burst: 100))
        let narrow = Self.limit("narrow", Self.perSecond(1, burst: 3))
        let both = Self.plan([wide, narrow])
        let verdicts = (0..<50).map { _ in Self.decide(both).verdict }
        #expect(verdicts.filter { $0 == .admitted }.count == 3)
        #expect(Self.decide(both).refusing.map(\.name) == ["narrow"])
        // The wide limit has lost three and no more.
        #expect(Self.decide(Self.plan([wide])).states[0].remaining == 96)
    }

    @Test func aShadowCountsAndRefusesNobody() {
        let shadow = Self.limit("shadow", Self.perSecond(1, burst: 2), shadow: true)
        let plan = Self.plan([shadow])
        for _ in 0..<2 { #expect(Self.decide(plan).shadowed.isEmpty) }
        let decision = Self.decide(plan)
        #expect(decision.verdict == .admitted)
        #expect(decision.shadowed.map(\.name) == ["shadow"])
        #expect(shadow.limiter.refused == 1)
    }

    @Test func placesComeBackWithTheRequest() {
        let plan = Self.plan([Self.limit("atOnce", .concurrent(2))])
        var first: LimitDecision? = Self.decide(plan)
        let second = Self.decide(plan)
        #expect(first?.verdict == .admitted)
        #expect(second.verdict == .admitted)
        #expect(Self.decide(plan).verdict == .refused)
        first = nil
        let third = Self.decide(plan)
        #expect(third.verdict == .admitted)
        #expect(Self.decide(plan).verdict == .refused)
        withExtendedLifetime((second, third)) {}
    }

    /// Another limit's refusal gives no place away.
    @Test func aRefusedRequestHoldsNoPlace() {
        let atOnce = Self.limit("atOnce", .concurrent(1))
        let never = Self.limit("once", Self.perSecond(1, burst: 1))
        let plan = Self.plan([atOnce, never])
        #expect(Self.decide(plan).verdict == .admitted)
        let refused = Self.decide(plan)
        #expect(refused.refusing.map(\.name) == ["once"])
        #expect(refused.hold == nil)
        #expect(Self.decide(Self.plan([atOnce])).verdict == .admitted)
    }

    @Test func sayAndOrderDoNotMatter() {
        let limits = [Self.limit("a", .concurrent(9)), Self.limit("b", .concurrent(9))]
        #expect(Self.plan(limits.reversed()).limits.map(\.rule.name) == ["a", "b"])
        #expect(Self.plan(limits + limits).limits.count == 2)
    }

    /// Eight threads, two limits in plans of opposite order, far more demand than there is.
    @Test func theCountIsExactUnderEightThreads() async {
        let first = Self.limit("first", Self.perSecond(1000, burst: 500))
        let second = Self.limit("second", Self.perSecond(1000, burst: 400))
        let plans = [Self.plan([first, second]), Self.plan([second, first])]
        var admitted = await withTaskGroup(of: Int.self) { group in
            for worker in 0..<8 {
                let plan = plans[worker % 2]
                group.addTask { Self.admitted(by: plan) }
            }
            return await group.reduce(0, +)
        }
        var end = Self.time
        end.nanoseconds += 200_000_000
        while Self.decide(plans[0], at: end).verdict == .admitted { admitted += 1 }
        // A thread whose clock is behind takes from the future and never gets more than there is.
        #expect(admitted == 400 + 200)
    }

    /// In 0.2 seconds, 20 000 requests.
    private static func admitted(by plan: LimitPlan) -> Int {
        (0..<20_000 as Range<UInt64>).count { step in
            var time = Self.time
            time.nanoseconds += step * 10_000
            return decide(plan, at: time).verdict == .admitted
        }
    }

    @Test func bytesAreCountedWhenTheyHavePassed() {
        let plan = Self.plan([Self.limit("volume", .rate(Rate(1000, per: .second, .bytes), burst: 1000))])
        #expect(plan.countsBytes)
        #expect(Self.decide(plan).verdict == .admitted)
        let none = plan.charge(2500, [Self.key], at: Self.time, cluster: .unreachable, name: { _ in "" })
        #expect(none.isEmpty)
        let refused = Self.decide(plan)
        #expect(refused.verdict == .refused)
        #expect(RateLimitFields.retryAfter(refused) == 2)
    }

    // MARK: cluster

    @Test(arguments: [
        (RateLimit.ClusterFailure.open, LimitDecision.Verdict.admitted), (.closed, .refused), (.openLocal, .admitted),
    ])
    func withoutTheClusterEachRuleDoesAsItSays(rule: RateLimit.ClusterFailure, verdict: LimitDecision.Verdict) {
        let plan = Self.plan([Self.limit("shared", Self.perSecond(10, burst: 10), scope: .cluster, failing: rule)])
        let away = ClusterView(isReachable: false, gateways: 2)
        let decisions = (0..<20).map { _ in Self.decide(plan, cluster: away) }
        #expect(decisions[0].verdict == verdict)
        let admitted = decisions.count { $0.verdict == .admitted }
        #expect(admitted == (rule == .open ? 20 : rule == .closed ? 0 : 5))
        if rule == .closed { #expect(decisions[0].refusing[0].cause == .clusterAway) }
    }

    @Test func aLeaseIsAskedForOnceAndThenUsed() throws {
        let shared = Self.limit("shared", Self.perSecond(1000, burst: 500), scope: .cluster)
        let plan = Self.plan([shared])
        let view = ClusterView(isReachable: true, gateways: 3)
        let first = Self.decide(plan, cluster: view)
        #expect(first.verdict == .pending)
        let request = try #require(first.questions.first)
        #expect(request.name == "caller 0")
        #expect(request.question == LeaseQuestion(want: 11, owed: 0))
        #expect(Self.decide(plan, cluster: view).questions.isEmpty)
        let answer = LeaseAnswer(granted: 11, left: 480, retryAfter: 0, untilFull: 20_000_000)
        let resumed = Atomic<Int>(0)
        let leases = try #require(shared.limiter.leases)
        #expect(leases.wait(for: Self.key) { resumed.add(1, ordering: .relaxed) })
        leases.receive(answer, to: request.question, for: Self.key, now: Self.time.nanoseconds)
        #expect(resumed.load(ordering: .relaxed) == 1)
        #expect(!leases.wait(for: Self.key) {})
        // Half of it is used without a question, then one is asked, and nobody waits.
        let decisions = (0..<11).map { _ in Self.decide(plan, cluster: view) }
        #expect(decisions.allSatisfy { $0.verdict == .admitted })
        #expect(decisions.count { !$0.questions.isEmpty } == 1)
        #expect(decisions[6].questions.count == 1)
    }

    /// More callers than leases can be kept for: the rest is counted here, and not let in uncounted.
    @Test func callersBeyondTheLeasesAreCountedHere() {
        let plan = Self.plan([Self.limit("shared", Self.perSecond(1, burst: 4), scope: .cluster)])
        let view = ClusterView(isReachable: true, gateways: 2)
        for caller in 0..<UInt64(2 * LeaseTable.capacity) {
            let key = LimitKey(low: caller, high: 0)
            _ = plan.decide([key], at: Self.time, cluster: view, name: { _ in "" })
        }
        let late = LimitKey(low: 9_999_999, high: 7)
        let verdicts = (0..<4).map { _ in plan.decide([late], at: Self.time, cluster: view, name: { _ in "" }).verdict }
        #expect(verdicts == [.admitted, .admitted, .refused, .refused])
    }

    @Test func aDenialIsRemembered() throws {
        let shared = Self.limit("shared", Self.perSecond(1000, burst: 500), scope: .cluster)
        let plan = Self.plan([shared])
        let view = ClusterView(isReachable: true, gateways: 3)
        let question = try #require(Self.decide(plan, cluster: view).questions.first)
        let denied = LeaseAnswer(granted: 0, left: 0, retryAfter: 40_000_000, untilFull: 500_000_000)
        shared.limiter.leases?.receive(denied, to: question.question, for: Self.key, now: Self.time.nanoseconds)
        for _ in 0..<1000 {
            let decision = Self.decide(plan, cluster: view)
            #expect(decision.verdict == .refused)
            #expect(decision.questions.isEmpty)
            #expect(decision.retryAfter == 40_000_000)
        }
        var later = Self.time
        later.nanoseconds += 40_000_000
        #expect(Self.decide(plan, at: later, cluster: view).verdict == .pending)
    }

    @Test func aLocalLimitThatRefusesTakesNoLease() throws {
        let shared = Self.limit("shared", Self.perSecond(1000, burst: 500), scope: .cluster)
        let local = Self.limit("local", Self.perSecond(1, burst: 1))
        let plan = Self.plan([shared, local])
        let view = ClusterView(isReachable: true, gateways: 1)
        let question = try #require(Self.decide(plan, cluster: view).questions.first)
        let answer = LeaseAnswer(granted: 10, left: 0, retryAfter: 0, untilFull: 500_000_000)
        shared.limiter.leases?.receive(answer, to: question.question, for: Self.key, now: Self.time.nanoseconds)
        let verdicts = (0..<5).map { _ in Self.decide(plan, cluster: view).verdict }
        #expect(verdicts == [.admitted, .refused, .refused, .refused, .refused])
        #expect(shared.limiter.leases?.surrender().map(\.tokens) == [9])
    }

    // MARK: reload

    @Test func limitsGoOnWhileTheyCountTheSame() {
        let registry = LimiterRegistry(memory: Self.memory)
        var rule = RateLimit(name: "a", by: [.identity], quota: Self.perSecond(1, burst: 1))
        let before = registry.limiter(rule, of: "edge")
        rule.isShadow = true
        #expect(registry.limiter(rule, of: "edge") === before)
        #expect(registry.limiter(rule, of: "other") !== before)
        rule.quota = Self.perSecond(2, burst: 1)
        #expect(registry.limiter(rule, of: "edge") !== before)
    }
}
