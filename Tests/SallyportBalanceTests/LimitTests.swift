import SallyportConfig
import Synchronization
import Testing

@testable import SallyportBalance

private let second: Nanoseconds = 1_000_000_000
private let millisecond: Nanoseconds = 1_000_000

@Suite struct LimitTests {
    // MARK: budget

    private func taken(_ budget: inout RetryBudget, of wishes: Int, at now: Nanoseconds) -> Int {
        var taken = 0
        for _ in 0..<wishes where budget.take(now: now) { taken += 1 }
        return taken
    }

    @Test func retriesAreAShareOfRequests() {
        var budget = RetryBudget(Retries(budget: Share(percent: 20), perSecond: 0))
        for _ in 0..<1000 { budget.began(now: second) }
        #expect(taken(&budget, of: 1000, at: second) == 200)
        #expect(taken(&budget, of: 1, at: 9 * second) == 0)
        #expect(taken(&budget, of: 1, at: 60 * second) == 0, "requests of long ago earn nothing")
    }

    @Test func aFewAreAllowedInAnyCase() {
        var budget = RetryBudget(Retries(budget: Share(percent: 20), perSecond: 3))
        #expect(taken(&budget, of: 100, at: second) == 30)
        #expect(taken(&budget, of: 100, at: 20 * second) == 30)
    }

    /// Whatever happens, retries of ten seconds stay within share and floor.
    @Test func theBudgetHoldsInAnyOrder() {
        var random = SeededRandom(seed: 11)
        var budget = RetryBudget(Retries(budget: Share(percent: 10), perSecond: 1))
        var (requests, retries) = ([Nanoseconds](), [Nanoseconds]())
        var now: Nanoseconds = 0
        for _ in 0..<5000 {
            now += Nanoseconds(random.next() % 20_000_000)
            requests.append(now)
            budget.began(now: now)
            if random.next() % 2 == 0, budget.take(now: now) { retries.append(now) }
        }
        let recent = { (times: [Nanoseconds]) in times.count { $0 > now - 9 * second } }
        #expect(Double(recent(retries)) <= Double(requests.count { $0 > now - 11 * second }) * 0.1 + 10)
        #expect(retries.count > 300)
    }

    // MARK: circuit

    @Test func thoseBeyondTheLimitWaitInOrder() {
        let gate = CircuitGate(Circuit(maxRequests: 2, maxPending: 2))
        let called = Calls()
        func enter(_ number: Int) -> CircuitGate.Entry { gate.enter { called.add(number) } }
        #expect(enter(1) == .entered && enter(2) == .entered)
        #expect(enter(3) == .waits(ticket: 1) && enter(4) == .waits(ticket: 2))
        #expect(enter(5) == .full)
        #expect(gate.isOpen && gate.pending == 2 && gate.shed == 1)
        gate.leave()
        #expect(called.all == [3])
        #expect(gate.withdraw(2) && !gate.withdraw(2) && !gate.withdraw(1))
        gate.leave()
        gate.leave()
        #expect(gate.underWay == 0 && gate.pending == 0 && called.all == [3])
        #expect(enter(6) == .entered)
    }

    @Test func nobodyWaitsWhereThereIsNoLine() {
        let gate = CircuitGate(Circuit(maxRequests: 1, maxPending: 0))
        #expect(gate.enter {} == .entered)
        #expect(gate.enter {} == .full)
        gate.leave()
        #expect(gate.enter {} == .entered)
    }

    /// Many threads: never more inside than allowed, and nobody forgotten.
    @Test func theLimitHoldsUnderContention() async {
        let gate = CircuitGate(Circuit(maxRequests: 3, maxPending: 100_000))
        let room = Room()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<500 {
                        await Self.turn(at: gate)
                        room.visit()
                        gate.leave()
                    }
                }
            }
        }
        #expect(room.visits == 4000)
        #expect(room.most <= 3)
        #expect(gate.underWay == 0 && gate.pending == 0)
    }

    private static func turn(at gate: CircuitGate) async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            if case .entered = gate.enter(turn: { continuation.resume() }) { continuation.resume() }
        }
    }

    // MARK: latencies

    @Test func quantilesAreWithinAClass() throws {
        var window = LatencyWindow(length: 10 * second)
        for number in 1...1000 { window.record(Nanoseconds(number) * millisecond, now: 0) }
        let half = try #require(window.quantile(0.5, atLeast: 1))
        #expect((500 * millisecond...570 * millisecond).contains(half))
        let p95 = try #require(window.quantile(0.95, atLeast: 1))
        #expect((950 * millisecond...1080 * millisecond).contains(p95))
        #expect(window.quantile(0.5, atLeast: 2000) == nil)
        window.record(.max, now: 0)
        window.record(-5, now: 0)
    }

    @Test func hedgesComeAfterTheNinetyFifthOfAHundredAndStayWithinTheirShare() throws {
        var trigger = HedgeTrigger(Hedge(after: .milliseconds(1), share: Share(percent: 2)))
        let unknown = trigger.began()
        #expect(unknown == nil, "nothing is known yet")
        for number in 0..<100 { trigger.answered(after: (number < 97 ? 10 : 500) * millisecond, now: 0) }
        let known = trigger.began()
        let wait = try #require(known)
        #expect((10 * millisecond...12 * millisecond).contains(wait))
        var taken = 0
        for _ in 0..<10_000 {
            _ = trigger.began()
            if trigger.take() { taken += 1 }
        }
        #expect((190...215).contains(taken))
    }

    // MARK: adaptive concurrency

    /// A service that works at `slots` requests at a time, each for `time`; all others wait. Offered load is endless.
    private func simulate(
        _ limiter: inout AdaptiveConcurrency, slots: Int, time: Nanoseconds, from start: Nanoseconds, for length: Nanoseconds
    ) {
        var now = start
        var random = SeededRandom(seed: 1)
        while now < start + length {
            let underWay = limiter.bound
            let wait = Double(time) * max(1, Double(underWay) / Double(slots))
            let took = Nanoseconds(wait * (0.95 + 0.1 * random.fraction()))
            limiter.answered(after: took, underWay: underWay, now: now)
            now += max(1, took / Nanoseconds(underWay))
        }
    }

    @Test(arguments: [10, 40, 200]) func theLimitSettlesNearWhatTheServiceBears(_ slots: Int) {
        var limiter = AdaptiveConcurrency()
        simulate(&limiter, slots: slots, time: 20 * millisecond, from: 0, for: 100 * second)
        #expect((Double(slots) * 0.8...Double(slots) * 2 + 8).contains(limiter.limit), "\(limiter.limit) for \(slots)")
    }

    @Test func theLimitFollowsChange() {
        var limiter = AdaptiveConcurrency(initial: 50)
        simulate(&limiter, slots: 100, time: 20 * millisecond, from: 0, for: 100 * second)
        let wide = limiter.limit
        simulate(&limiter, slots: 20, time: 20 * millisecond, from: 100 * second, for: 20 * second)
        #expect(limiter.limit < wide / 2, "\(wide) → \(limiter.limit)")
        simulate(&limiter, slots: 100, time: 20 * millisecond, from: 120 * second, for: 100 * second)
        #expect(limiter.limit > 80)
    }

    @Test func anIdleServiceRaisesNothing() {
        var limiter = AdaptiveConcurrency(initial: 50)
        for number in 0..<2000 { limiter.answered(after: millisecond, underWay: 1, now: Nanoseconds(number) * 10 * millisecond) }
        #expect(limiter.limit == 50)
        #expect(limiter.admits(underWay: 10) && !limiter.admits(underWay: 51))
    }
}

/// What was called, in order.
private final class Calls: Sendable {
    private let list = Mutex<[Int]>([])
    func add(_ number: Int) { list.withLock { $0.append(number) } }
    var all: [Int] { list.withLock { $0 } }
}

/// Counts who is inside.
private final class Room: Sendable {
    private let state = Mutex((inside: 0, most: 0, visits: 0))

    func visit() {
        state.withLock { state in
            state.inside += 1
            state.most = max(state.most, state.inside)
        }
        state.withLock { state in
            state.inside -= 1
            state.visits += 1
        }
    }

    var most: Int { state.withLock { $0.most } }
    var visits: Int { state.withLock { $0.visits } }
}
