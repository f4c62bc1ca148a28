import NIOCore

/// Commands that were sent and wait for their replies, which come in the same order (pipelining).
struct ReplyQueue {
    typealias Completion = (Result<RESPValue, ClusterFailure>) -> Void

    private struct Waiting {
        let deadline: NIODeadline
        let completion: Completion
    }

    /// So many may wait at a time.
    static let capacity = 8192

    private var waiting = CircularBuffer<Waiting>()

    var isEmpty: Bool { waiting.isEmpty }

    /// False when too many wait already; `completion` is not kept then.
    mutating func add(until deadline: NIODeadline, _ completion: @escaping Completion) -> Bool {
        guard waiting.count < Self.capacity else { return false }
        waiting.append(Waiting(deadline: deadline, completion: completion))
        return true
    }

    /// Who waits for this reply; nil: nobody asked for it. What the server sends by itself is no reply.
    mutating func next() -> Completion? { waiting.popFirst()?.completion }

    /// Whether somebody has waited for too long. Deadlines are in the order of the commands, but for slow ones of the
    /// gateway's own, so the first decides.
    func isOverdue(at now: NIODeadline) -> Bool { (waiting.first?.deadline).map { $0 <= now } ?? false }

    var nextDeadline: NIODeadline? { waiting.first?.deadline }

    /// Everybody, to be told that no reply comes.
    mutating func abandon() -> [Completion] {
        defer { waiting.removeAll() }
        return waiting.map(\.completion)
    }
}
