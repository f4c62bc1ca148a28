import SallyportConfig
import Synchronization

/// What the process knows about one endpoint, whatever generation and loop it is used by. Read on every choice, so it
/// is made of atomics; only ejections take the board's lock.
package final class EndpointRecord: Sendable {
    package let key: EndpointKey
    private let isDown = Atomic<Bool>(false)
    private let ejectedUntil = Atomic<Nanoseconds>(.min)
    private let ejections = Atomic<Int>(0)
    private let restingUntil = Atomic<Nanoseconds>(.min)
    private let failures = Atomic<Int>(0)
    private let serviceSince: Atomic<Nanoseconds>
    private let underWay = Atomic<Int>(0)
    private let served = Atomic<Int>(0)
    private let failed = Atomic<Int>(0)
    private let health = Mutex(ActiveHealth())

    package init(key: EndpointKey, since: Nanoseconds = .min) {
        self.key = key
        serviceSince = Atomic(since)
    }

    // MARK: what the choice sees

    package func view(now: Nanoseconds) -> EndpointView {
        let ejectedUntil = ejectedUntil.load(ordering: .relaxed)
        return EndpointView(
            isHealthy: !isDown.load(ordering: .relaxed) && ejectedUntil <= now,
            isResting: restingUntil.load(ordering: .relaxed) > now, active: underWay.load(ordering: .relaxed),
            since: max(serviceSince.load(ordering: .relaxed), ejectedUntil))
    }

    package func isEjected(now: Nanoseconds) -> Bool { ejectedUntil.load(ordering: .relaxed) > now }
    package var isUp: Bool { !isDown.load(ordering: .relaxed) }
    package var active: Int { underWay.load(ordering: .relaxed) }
    package var requests: Int { served.load(ordering: .relaxed) }
    package var failedRequests: Int { failed.load(ordering: .relaxed) }

    // MARK: what happens to it

    package func began() {
        underWay.add(1, ordering: .relaxed)
        served.add(1, ordering: .relaxed)
    }

    package func ended() { underWay.subtract(1, ordering: .relaxed) }

    package func succeeded() {
        if failures.load(ordering: .relaxed) != 0 { failures.store(0, ordering: .relaxed) }
    }

    /// How many failures in a row there are now.
    package func failedOnce() -> Int {
        failed.add(1, ordering: .relaxed)
        return failures.add(1, ordering: .relaxed).newValue
    }

    package func rest(until: Nanoseconds) { restingUntil.store(until, ordering: .relaxed) }
    package func rested() {
        if restingUntil.load(ordering: .relaxed) != .min { restingUntil.store(.min, ordering: .relaxed) }
    }

    /// A health check found it to be well or ill. Coming back, it starts slowly.
    package func setUp(_ isUp: Bool, now: Nanoseconds) {
        if isUp, isDown.load(ordering: .relaxed) { serviceSince.store(now, ordering: .relaxed) }
        isDown.store(!isUp, ordering: .relaxed)
        if isUp { failures.store(0, ordering: .relaxed) }
    }

    /// A health check was answered, or not.
    package func checked(isGood: Bool, _ check: HealthCheck, now: Nanoseconds) -> ActiveHealth.Change? {
        let change = health.withLock { $0.record(isGood: isGood, check) }
        if let change { setUp(change == .up, now: now) }
        return change
    }

    /// Nobody asks it any more, so nothing is known.
    package func forgetChecks() {
        health.withLock { $0 = ActiveHealth() }
        isDown.store(false, ordering: .relaxed)
    }

    /// For how long it stays ejected.
    package func ejectionLeft(now: Nanoseconds) -> Nanoseconds {
        let until = ejectedUntil.load(ordering: .relaxed)
        return until > now ? until - now : 0
    }

    /// Taken out of service; returns until when. Each time for longer, unless the last time is long ago.
    func eject(_ rule: OutlierRule, now: Nanoseconds) -> Nanoseconds {
        let last = ejectedUntil.load(ordering: .relaxed)
        let forgiven = last > .min && rule.length(times: 1) > 0 ? Int(max(0, now - last) / rule.length(times: 1)) : 0
        let times = max(0, ejections.load(ordering: .relaxed) - forgiven) + 1
        let until = now + rule.length(times: times)
        ejections.store(times, ordering: .relaxed)
        failures.store(0, ordering: .relaxed)
        ejectedUntil.store(until, ordering: .relaxed)
        return until
    }
}
