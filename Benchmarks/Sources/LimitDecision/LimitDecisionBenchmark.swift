@testable import SallyportConfig
@testable import SallyportLimits

/// What one decision costs while a million callers are known: two limits at once, callers drawn at random.
///
///     swift run -c release -Xswiftc -enable-testing LimitDecision
///
/// The engines are for their own package only, hence the flag.
@main
enum LimitDecisionBenchmark {
    static let callers: UInt64 = 1_000_000
    static let decisions = 2_000_000

    static func main() {
        let registry = LimiterRegistry()
        let clock = ContinuousClock()
        let start = clock.now
        let plan = LimitPlan([
            limit("perClient", RateLimit.Quota.rate(Rate(1, per: .hour), burst: 200), registry)
        ], hashKey: registry.hashKey)
        var latencies: [UInt32] = []
        latencies.reserveCapacity(decisions)
        var random = SystemRandomNumberGenerator()
        for caller in 0..<callers { _ = decide(plan, caller, registry, now(clock, start)) }
        for _ in 0..<decisions {
            let caller = UInt64.random(in: 0..<callers, using: &random)
            let before = clock.now
            _ = decide(plan, caller, registry, now(clock, start))
            latencies.append(UInt32(clamping: nanoseconds(clock.now - before)))
        }
        report(latencies, registry)
    }

    static func limit(_ name: String, _ quota: RateLimit.Quota, _ registry: LimiterRegistry) -> BoundLimit {
        let rule = RateLimit(name: name, by: [.identity], quota: quota)
        return BoundLimit(rule, of: "benchmark", registry.limiter(rule, of: "benchmark"))
    }

    /// With the hash of the caller's name, as in a request.
    static func decide(_ plan: LimitPlan, _ caller: UInt64, _ registry: LimiterRegistry, _ time: LimitTime) -> Bool {
        let keys = plan.limits.map { _ in
            var hasher = plan.keyHasher()
            hasher.add(.identity, "spiffe://example.org/client/\(caller)".utf8)
            return hasher.key()
        }
        return plan.decide(keys, at: time, cluster: .unreachable, name: { _ in "" }).verdict == .admitted
    }

    static func now(_ clock: ContinuousClock, _ start: ContinuousClock.Instant) -> LimitTime {
        LimitTime(nanoseconds: 1_000_000_000 + nanoseconds(clock.now - start), unix: 1_795_392_000)
    }

    static func nanoseconds(_ duration: Duration) -> UInt64 {
        UInt64(duration.components.seconds) * 1_000_000_000 + UInt64(duration.components.attoseconds / 1_000_000_000)
    }

    static func report(_ latencies: [UInt32], _ registry: LimiterRegistry) {
        let sorted = latencies.sorted()
        let at = { (share: Double) in sorted[Int(Double(sorted.count - 1) * share)] }
        print("callers known: \(registry.limiters.map(\.callers)), lost: \(registry.limiters.map(\.lostEntries))")
        print("memory of the tables: \(registry.memory.used / 1_000_000) MB")
        print("ns per decision, key included: p50 \(at(0.5)), p90 \(at(0.9)), p99 \(at(0.99)), p99.9 \(at(0.999))")
    }
}
