import Glibc
@testable import SallyportConfig
@testable import SallyportLimits

/// What one decision costs while a million callers are known: callers drawn at random, the key of each included.
///
///     swift run -c release -Xswiftc -enable-testing LimitDecision
///
/// The engines are for their own package only, hence the flag.
@main
enum LimitDecisionBenchmark {
    static let callers = 1_000_000
    static let decisions = 2_000_000

    static func main() {
        let registry = LimiterRegistry()
        let rule = RateLimit(name: "perClient", by: [.identity], quota: .rate(Rate(1, per: .hour), burst: 200))
        let limiter = registry.limiter(rule, of: "benchmark")
        let plan = LimitPlan([BoundLimit(rule, of: "benchmark", limiter)], hashKey: registry.hashKey)
        let names = (0..<callers).map { "spiffe://example.org/client/\($0)" }
        for name in names { _ = decide(plan, name, nanoseconds()) }
        var random = SystemRandomNumberGenerator()
        let drawn = (0..<decisions).map { _ in names[Int.random(in: 0..<callers, using: &random)] }
        print("callers known: \(limiter.callers), lost: \(limiter.lostEntries)")
        print("memory of the tables: \(registry.memory.used / 1_000_000) MB")
        report("reading the clock", drawn.map { name in timed { _ in UInt64(name.utf8.count) } })
        report("a decision, reading the clock included", drawn.map { name in
            // The name of a caller has been read with the request.
            precondition(name.utf8.reduce(0, &+) > 0)
            return timed { decide(plan, name, $0) }
        })
        withExtendedLifetime(limiter) {}
    }

    /// With the hash of the caller's name, as in a request.
    static func decide(_ plan: LimitPlan, _ name: String, _ now: UInt64) -> UInt64 {
        let keys = plan.limits.map { _ in
            var hasher = plan.keyHasher()
            hasher.add(.identity, name.utf8)
            return hasher.key()
        }
        let time = LimitTime(nanoseconds: now, unix: 1_795_392_000)
        let decision = plan.decide(keys, at: time, cluster: .unreachable, name: { _ in "" })
        precondition(decision.verdict == .admitted || decision.verdict == .refused)
        return decision.states[0].remaining
    }

    @inline(never)
    static func timed(_ work: (UInt64) -> UInt64) -> UInt32 {
        let before = nanoseconds()
        let result = work(before)
        let after = nanoseconds()
        precondition(result != .max)
        return UInt32(clamping: after - before)
    }

    static func nanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    static func report(_ what: String, _ latencies: [UInt32]) {
        let sorted = latencies.sorted()
        let at = { (share: Double) in sorted[Int(Double(sorted.count - 1) * share)] }
        print("\(what), ns: p50 \(at(0.5)), p90 \(at(0.9)), p99 \(at(0.99)), p99.9 \(at(0.999))")
    }
}
