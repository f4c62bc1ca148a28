import Synchronization

/// What is remembered of all callers under one limit, shared by the worker threads. Each caller's state is behind the
/// lock of a shard, so that a decision is exact whatever other threads do.
final class LimitTable: Sendable {
    private final class Part: Sendable {
        let shard: Mutex<LimitShard>

        init(_ memory: LimitMemory) {
            shard = Mutex(LimitShard(memory: memory))
        }
    }

    private let parts: [Part]
    private let lost = Atomic<Int>(0)

    init(memory: LimitMemory, shards: Int = 256) {
        precondition(shards > 0 && shards & (shards - 1) == 0, "a power of two")
        parts = (0..<shards).map { _ in Part(memory) }
    }

    /// Calls `body` with the caller's state while nobody else can change it. `body` must not come back to this table.
    ///
    /// - Returns: nil, without a call, when the table is full of what must not be lost.
    func withState<Result>(
        of key: LimitKey, _ quota: Quota, at time: LimitTime, _ body: (inout QuotaState) -> Result
    ) -> Result? {
        parts[index(of: key)].shard.withLock { shard in
            var loss = LimitShard.Loss.none
            let place = shard.place(of: key, quota, at: time, &loss)
            if loss == .liveEntry { lost.add(1, ordering: .relaxed) }
            guard let place else { return nil }
            return body(&shard[place])
        }
    }

    /// As `withState`, for a caller that is known; others are left unknown.
    func withKnownState(of key: LimitKey, _ body: (inout QuotaState) -> Void) {
        parts[index(of: key)].shard.withLock { shard in
            guard let place = shard.known(key) else { return }
            body(&shard[place])
        }
    }

    /// Entries that had to go while they still said something.
    var lostEntries: Int { lost.load(ordering: .relaxed) }

    /// Callers that are, or were and are not overwritten.
    var count: Int { parts.reduce(0) { sum, part in sum + part.shard.withLock { $0.count } } }

    private func index(of key: LimitKey) -> Int { Int(truncatingIfNeeded: key.low) & (parts.count - 1) }
}
