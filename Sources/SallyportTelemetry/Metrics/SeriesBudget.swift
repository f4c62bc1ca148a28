import Synchronization

/// How many series all families together may have: a label that somebody else can choose must not fill the memory.
package final class SeriesBudget: Sendable {
    private let limit: Atomic<Int>
    private let used = Atomic<Int>(0)
    private let overflows = Atomic<UInt64>(0)

    /// - Parameter limit: lines of one scrape.
    package init(limit: Int = 10_000) {
        self.limit = Atomic(limit)
    }

    package func adopt(limit: Int) { self.limit.store(limit, ordering: .relaxed) }

    /// False: there is no room for so many more.
    func take(_ series: Int) -> Bool {
        let now = used.add(series, ordering: .relaxed).newValue
        if now <= limit.load(ordering: .relaxed) { return true }
        used.subtract(series, ordering: .relaxed)
        overflows.add(1, ordering: .relaxed)
        return false
    }

    func giveBack(_ series: Int) { used.subtract(series, ordering: .relaxed) }

    /// Lines in use.
    package var inUse: Int { used.load(ordering: .relaxed) }
    package var bound: Int { limit.load(ordering: .relaxed) }
    /// Sets of labels that were counted under `_other` because there was no room for them.
    package var refused: UInt64 { overflows.load(ordering: .relaxed) }
}
