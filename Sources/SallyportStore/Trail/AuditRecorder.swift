import Dispatch
import SallyportAudit
import SallyportModel
import Synchronization

/// What the running gateway hands its records to. Nothing here blocks for the disk but `commit`.
///
/// Records of operators and of refused requests are each kept, or refused where there is no room. Refused handshakes are
/// made by strangers: beyond `mostHandshakes` a second they are counted, and the counts are recorded, so that a flood
/// fills no disk and nothing goes by without a trace.
package final class AuditRecorder: Sendable {
    package static let mostHandshakes = 50
    /// For `commit`.
    package static let patience = DispatchTimeInterval.seconds(5)

    private let trail: AuditTrail
    private let queue: CommitQueue
    private let strangers = Mutex(Strangers())
    /// Nanoseconds; nil: records are kept for ever.
    private let retention = Mutex<Int64?>(nil)

    private struct Strangers {
        var second: Int64 = 0
        var count = 0
        /// By event and code.
        var sums: [String: Int] = [:]
        var since: Int64 = 0
    }

    /// - Parameter report: told when writing begins to fail, and with nil when it works again.
    package init(_ trail: AuditTrail, bounds: CommitQueue.Bounds = .init(), report: @escaping @Sendable (StoreError?) -> Void) {
        self.trail = trail
        queue = CommitQueue(bounds: bounds, report: report) { writes throws(StoreError) in try trail.commit(writes) }
    }

    // MARK: recording

    /// - Returns: false when there is no room: what it is about must not be answered.
    package func note(_ entry: AuditEntry, _ rows: StoreWrite...) -> Bool { queue.submit([.audit(entry)] + rows) }

    /// - Returns: false when there is no room.
    package func noteRow(_ row: StoreWrite) -> Bool { queue.submit([row]) }

    /// Calls back on another thread once the record is on the disk, or cannot be.
    /// - Returns: false when there is no room; then nobody is called.
    package func record(_ entry: AuditEntry, completion: @escaping @Sendable (StoreError?) -> Void) -> Bool {
        queue.submit([.audit(entry)]) { result in
            if case .failure(let error) = result { completion(error) } else { completion(nil) }
        }
    }

    /// Blocks until the record is on the disk. Not for an event loop.
    package func commit(_ entry: AuditEntry, _ rows: StoreWrite...) throws(StoreError) {
        let (done, outcome) = (DispatchSemaphore(value: 0), Outcome())
        let isTaken = queue.submit([.audit(entry)] + rows) { result in
            outcome.result.withLock { $0 = result }
            done.signal()
        }
        guard isTaken else { throw StoreError(.auditQueueFull, "audit", "\(queue.count) records wait") }
        guard done.wait(timeout: .now() + Self.patience) == .success, let result = outcome.result.withLock({ $0 }) else {
            throw StoreError(.auditTooSlow, "audit", "the record was not written within 5 seconds")
        }
        _ = try result.get()
    }

    private final class Outcome: Sendable {
        let result = Mutex<Result<[StoreReceipt], StoreError>?>(nil)
    }

    /// What a stranger made happen: recorded, or counted where there is too much of it or no room.
    package func noteStranger(_ entry: AuditEntry) {
        let second = UnixTime.seconds()
        let isAdmitted = strangers.withLock { strangers in
            if strangers.second != second { (strangers.second, strangers.count) = (second, 0) }
            strangers.count += 1
            return strangers.count <= Self.mostHandshakes
        }
        if isAdmitted, queue.submit([.audit(entry)]) { return }
        strangers.withLock { strangers in
            if strangers.sums.isEmpty { strangers.since = second }
            strangers.sums["\(entry.event.rawValue) \(entry.reason ?? "")", default: 0] += 1
        }
    }

    // MARK: now and then

    package func adopt(retention seconds: Int64?) { retention.withLock { $0 = seconds.map { $0 * 1_000_000_000 } } }

    /// Records counts, signs what is due, and removes what is too old; to be called about once a second.
    package func tend() {
        summarise()
        queue.perform { [self] () throws(StoreError) in
            try trail.tend()
            if let kept = retention.withLock({ $0 }) { try trail.remove(before: UnixTime.nanoseconds() - kept) }
        }
    }

    private func summarise() {
        let (sums, since) = strangers.withLock { strangers in
            defer { strangers.sums = [:] }
            return (strangers.sums, strangers.since)
        }
        guard !sums.isEmpty else { return }
        let words = sums.sorted { $0.value > $1.value }.map { "\($0.key) ×\($0.value)" }.joined(separator: ", ")
        let entry = AuditEntry(
            .recordsSummarised, .refused, at: UnixTime.nanoseconds(), object: "\(sums.values.reduce(0, +)) records since \(since)",
            detail: words)
        guard !queue.submit([.audit(entry)]) else { return }
        strangers.withLock { strangers in
            strangers.since = since
            strangers.sums.merge(sums) { $0 + $1 }
        }
    }

    /// Writes what is left, signs the end and closes the store.
    /// - Returns: records that could not be written.
    package func close() throws(StoreError) -> Int {
        summarise()
        let left = queue.close()
        try trail.close()
        return left
    }
}
