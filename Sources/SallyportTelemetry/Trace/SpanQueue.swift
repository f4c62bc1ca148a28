import Synchronization

/// Recorded requests on their way from the event loops to the exporter. Bounded: what does not fit is counted.
package final class SpanQueue: Sendable {
    private let state = Mutex(State())
    private let lost = Atomic<UInt64>(0)
    private let sent = Atomic<UInt64>(0)

    private struct State {
        var records: [SpanRecord] = []
        var heldBytes = 0
    }

    /// Requests, and bytes of their heads.
    package static let capacity = 2048
    static let mostHeldBytes = 8 << 20
    /// Spans of one request that are kept.
    package static let mostAttempts = 8

    package init() {}

    /// - Returns: whether the exporter should come now, for half the room is taken.
    package func append(_ record: consuming SpanRecord) -> Bool {
        let record = record
        return state.withLock { state in
            let held = state.heldBytes + record.access.head.count
            guard state.records.count < Self.capacity, held <= Self.mostHeldBytes else {
                lost.add(UInt64(1 + record.attempts.count), ordering: .relaxed)
                return false
            }
            state.heldBytes = held
            state.records.append(record)
            return state.records.count == Self.capacity / 2
        }
    }

    /// Takes the oldest, this many at most.
    package func take(_ most: Int) -> [SpanRecord] {
        state.withLock { state in
            let batch = Array(state.records.prefix(most))
            state.records.removeFirst(batch.count)
            state.heldBytes -= batch.reduce(0) { $0 + $1.access.head.count }
            return batch
        }
    }

    package var isEmpty: Bool { state.withLock { $0.records.isEmpty } }

    package func countLost(_ spans: Int) { lost.add(UInt64(max(0, spans)), ordering: .relaxed) }
    package func countSent(_ spans: Int) { sent.add(UInt64(max(0, spans)), ordering: .relaxed) }

    /// Spans that nobody got: no room, refused by the collector, or given up.
    package var lostSpans: UInt64 { lost.load(ordering: .relaxed) }
    package var sentSpans: UInt64 { sent.load(ordering: .relaxed) }
}
