import SallyportConfig
import Synchronization

/// How many requests an upstream bears at a time, over all event loops; those beyond it wait in a bounded line.
///
/// As long as nobody waits it is one atomic counter. The lock is taken only when the upstream is full.
package final class CircuitGate: Sendable {
    private let active = Atomic<Int>(0)
    private let waiting = Atomic<Int>(0)
    private let most: Atomic<Int>
    private let line: Mutex<Line>
    private let turnedAway = Atomic<Int>(0)

    private struct Line {
        var maxPending: Int
        var nextTicket: UInt64 = 0
        var waiters: [(ticket: UInt64, call: @Sendable () -> Void)] = []
        /// Waiters before this one were served.
        var first = 0
    }

    package init(_ settings: Circuit) {
        most = Atomic(settings.maxRequests)
        line = Mutex(Line(maxPending: settings.maxPending))
    }

    package func adopt(_ settings: Circuit) {
        most.store(settings.maxRequests, ordering: .relaxed)
        line.withLock { $0.maxPending = settings.maxPending }
    }

    package enum Entry: Sendable, Equatable {
        case entered
        /// The call comes when it is this one's turn; until then it can be withdrawn.
        case waits(ticket: UInt64)
        case full
    }

    package var underWay: Int { active.load(ordering: .relaxed) }
    package var pending: Int { waiting.load(ordering: .relaxed) }
    package var shed: Int { turnedAway.load(ordering: .relaxed) }
    package var limit: Int { most.load(ordering: .relaxed) }
    /// No further request gets in at once.
    package var isOpen: Bool { underWay >= limit }

    /// Asks to be let in without waiting; true: it has to leave.
    package func enterAtOnce() -> Bool {
        waiting.load(ordering: .sequentiallyConsistent) == 0 && tryEnter()
    }

    /// Asks to be let in. `turn` is called on any thread, at most once, and only after `waits`; whoever was called is
    /// in and has to leave.
    package func enter(turn: @escaping @Sendable () -> Void) -> Entry {
        if enterAtOnce() { return .entered }
        return line.withLock { line in
            let length = line.waiters.count - line.first
            guard length < line.maxPending else {
                if length == 0, tryEnter() { return .entered }
                turnedAway.add(1, ordering: .relaxed)
                return .full
            }
            // Counted before the last try: who leaves from now on sees that somebody waits.
            waiting.add(1, ordering: .sequentiallyConsistent)
            if length == 0, tryEnter() {
                waiting.subtract(1, ordering: .sequentiallyConsistent)
                return .entered
            }
            line.nextTicket += 1
            line.waiters.append((line.nextTicket, turn))
            return .waits(ticket: line.nextTicket)
        }
    }

    /// False: it is too late, the turn has come or is coming.
    package func withdraw(_ ticket: UInt64) -> Bool {
        line.withLock { line in
            guard let place = line.waiters[line.first...].firstIndex(where: { $0.ticket == ticket }) else { return false }
            line.waiters.remove(at: place)
            waiting.subtract(1, ordering: .sequentiallyConsistent)
            turnedAway.add(1, ordering: .relaxed)
            return true
        }
    }

    package func leave() {
        active.subtract(1, ordering: .sequentiallyConsistent)
        guard waiting.load(ordering: .sequentiallyConsistent) > 0 else { return }
        while let next = admitNext() { next() }
    }

    private func admitNext() -> (@Sendable () -> Void)? {
        line.withLock { line in
            guard line.first < line.waiters.count, tryEnter() else { return nil }
            let next = line.waiters[line.first].call
            line.first += 1
            waiting.subtract(1, ordering: .sequentiallyConsistent)
            if line.first == line.waiters.count || line.first > 256 {
                line.waiters.removeFirst(line.first)
                line.first = 0
            }
            return next
        }
    }

    private func tryEnter() -> Bool {
        var seen = active.load(ordering: .sequentiallyConsistent)
        while seen < most.load(ordering: .relaxed) {
            let (won, now) = active.weakCompareExchange(
                expected: seen, desired: seen + 1, ordering: .sequentiallyConsistent)
            if won { return true }
            seen = now
        }
        return false
    }
}
