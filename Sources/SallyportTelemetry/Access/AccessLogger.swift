import Synchronization

/// The access log.
///
/// It is the one log that does not go through `Logger`: a dictionary of metadata per request would cost more than the
/// rest of the request. It shares everything else with the logs that do: the sink, the formats, the field names and
/// the rule that nothing is dropped silently.
///
/// An event loop hands over a record and goes on; formatting and writing happen on the sink's thread. There is one
/// shard per event loop, so that loops do not meet on a lock.
package final class AccessLogger: Sendable {
    private let shards: AccessShards
    private let sink: LogSink?

    /// - Parameters:
    ///   - output: Nil: no access log at all.
    ///   - shards: As many as there are event loops.
    package init(_ output: LogOutput?, format: LogFormat, shards count: Int) throws(LogOutputError) {
        shards = AccessShards(format: format, count: max(count, 1))
        if let output { sink = try LogSink(output, format: format, source: shards) } else { sink = nil }
    }

    /// Starts on a descriptor that is already open.
    package init(descriptor: consuming LogDescriptor, format: LogFormat, shards count: Int) {
        shards = AccessShards(format: format, count: max(count, 1))
        sink = LogSink(descriptor: descriptor, format: format, source: shards)
    }

    /// Queues a record; it never waits for anything but another record of the same shard.
    ///
    /// - Parameter loop: Index of the event loop; any number will do, equal numbers share a shard.
    package func record(_ record: consuming AccessRecord, loop: Int = 0) {
        guard let sink else { return }
        switch shards.append(record, to: loop) {
        case .queued: sink.wakeIfParked()
        case .fillingUp: sink.hurry()
        case .lost: break
        }
    }

    /// Records that were not written since the start.
    package var lost: UInt64 { sink?.lost ?? 0 }

    /// Writes to this output from now on. Opening a file anew after it was moved away is the same call.
    package func redirect(to output: LogOutput) throws(LogOutputError) {
        try sink?.redirect(to: output)
    }

    /// Waits until everything recorded before the call is written; false when the output stands still.
    @discardableResult
    package func flush(limit: Duration = .seconds(2)) -> Bool {
        sink?.flush(limit: limit) ?? true
    }

    /// Writes what is queued and ends the thread.
    package func close(limit: Duration = .seconds(2)) {
        sink?.close(limit: limit)
    }
}
