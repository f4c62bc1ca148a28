import Synchronization

/// Records on their way from the event loops to the sink's thread.
final class AccessShards: LogSource {
    private let format: LogFormat
    private let shards: [Shard]

    /// Bounds of one shard between two turns of the thread.
    static let maximumRecords = 16_384
    /// Bytes of request heads that queued records keep alive.
    static let maximumHeldBytes = 16 << 20

    enum Outcome { case queued, fillingUp, lost }

    private final class Shard: Sendable {
        let state = Mutex(State())
        /// The other of two arrays that take turns, so that neither is made anew. Only the sink's thread takes it.
        let spare = Mutex([AccessRecord]())
    }

    private struct State {
        var records: [AccessRecord] = []
        var heldBytes = 0
        var lost: UInt64 = 0
    }

    init(format: LogFormat, count: Int) {
        self.format = format
        shards = (0..<count).map { _ in Shard() }
    }

    /// - Returns: `fillingUp` once per turn, when half the room is taken.
    func append(_ record: consuming AccessRecord, to loop: Int) -> Outcome {
        let shard = shards[Int(UInt(bitPattern: loop) % UInt(shards.count))]
        let record = record
        return shard.state.withLock { state in
            let held = state.heldBytes + record.head.count
            guard state.records.count < Self.maximumRecords, held <= Self.maximumHeldBytes else {
                state.lost += 1
                return .lost
            }
            let wasFilling = state.heldBytes > Self.maximumHeldBytes / 2
            state.heldBytes = held
            state.records.append(record)
            let isFilling = !wasFilling && held > Self.maximumHeldBytes / 2
            return isFilling || state.records.count == Self.maximumRecords / 2 ? .fillingUp : .queued
        }
    }

    var isEmpty: Bool {
        shards.allSatisfy { $0.state.withLock { $0.records.isEmpty && $0.lost == 0 } }
    }

    func drain(into writer: inout LogWriter) -> UInt64 {
        var lost: UInt64 = 0
        for shard in shards { lost += drain(shard, into: &writer) }
        return lost
    }

    private func drain(_ shard: Shard, into writer: inout LogWriter) -> UInt64 {
        shard.spare.withLock { batch in
            let lost = shard.state.withLock { state in
                swap(&batch, &state.records)
                state.heldBytes = 0
                defer { state.lost = 0 }
                return state.lost
            }
            for record in batch {
                writer.buffer.append(record, format: format)
                writer.writeIfFull()
            }
            batch.removeAll(keepingCapacity: true)
            return lost
        }
    }
}
