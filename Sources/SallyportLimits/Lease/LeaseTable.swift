import Synchronization

/// The leases of all callers under one limit of the cluster, shared by the worker threads.
package final class LeaseTable: Sendable {
    struct Entry: Sendable {
        let name: String
        var bucket = LeasedBucket()
        /// Called, once, when the answer has come or will not come.
        var waiting: [@Sendable () -> Void] = []
    }

    private struct Shard: Sendable {
        var entries: [LimitKey: Entry] = [:]
        /// So many may come before idle ones are looked for again.
        var untilSweep = LeaseTable.capacity / LeaseTable.shards
    }

    private final class Part: Sendable {
        let shard = Mutex(Shard())
    }

    private static let shards = 64
    /// Callers at a time.
    static let capacity = 1 << 16

    private let parts = (0..<shards).map { _ in Part() }
    let terms: LeaseTerms

    init(_ terms: LeaseTerms) {
        self.terms = terms
    }

    /// As in `LimitTable`. Nil: there are more callers than can be kept.
    ///
    /// - Parameter name: Of the caller in the shared counters; asked for when it is new.
    func withEntry<Result>(
        of key: LimitKey, now: UInt64, name: () -> String, _ body: (inout Entry) -> Result
    ) -> Result? {
        part(of: key).shard.withLock { shard in
            if shard.entries[key] == nil {
                guard Self.makeRoom(in: &shard, now: now) else { return nil }
                shard.entries[key] = Entry(name: name())
            }
            guard var entry = shard.entries[key] else { return nil }
            let result = body(&entry)
            shard.entries[key] = entry
            return result
        }
    }

    private static func makeRoom(in shard: inout Shard, now: UInt64) -> Bool {
        if shard.untilSweep == 0 {
            shard.entries = shard.entries.filter { !$0.value.bucket.isIdle(now: now) || !$0.value.waiting.isEmpty }
            shard.untilSweep = max(capacity / shards - shard.entries.count, capacity / shards / 8)
        }
        guard shard.entries.count < capacity / shards else {
            shard.untilSweep -= 1
            return false
        }
        shard.untilSweep -= 1
        return true
    }

    /// Has `resume` called when the answer that is under way for this caller has come or will not come, on any
    /// thread.
    ///
    /// - Returns: false when nothing is under way; `resume` is not kept then.
    package func wait(for key: LimitKey, _ resume: @escaping @Sendable () -> Void) -> Bool {
        part(of: key).shard.withLock { shard in
            guard shard.entries[key]?.bucket.isAsked == true else { return false }
            shard.entries[key]?.waiting.append(resume)
            return true
        }
    }

    /// The answer of the shared counters; nil: there is none.
    package func receive(_ answer: LeaseAnswer?, to question: LeaseQuestion, for key: LimitKey, now: UInt64) {
        let waiting = part(of: key).shard.withLock { shard -> [@Sendable () -> Void] in
            guard var entry = shard.entries[key] else { return [] }
            if let answer {
                entry.bucket.receive(answer, to: question, now: now)
            } else {
                entry.bucket.missed()
            }
            defer { shard.entries[key] = entry }
            defer { entry.waiting = [] }
            return entry.waiting
        }
        for resume in waiting { resume() }
    }

    /// Takes all that could be given back, with the callers' names.
    package func surrender() -> [(name: String, tokens: Int64)] {
        parts.flatMap { part in
            part.shard.withLock { shard in
                shard.entries.keys.compactMap { key in
                    guard let tokens = shard.entries[key]?.bucket.surrender(), tokens > 0,
                        let name = shard.entries[key]?.name
                    else { return nil }
                    return (name, tokens)
                }
            }
        }
    }

    private func part(of key: LimitKey) -> Part { parts[Int(truncatingIfNeeded: key.low) & (Self.shards - 1)] }
}
