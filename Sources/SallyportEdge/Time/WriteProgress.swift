/// Tells a client that reads slowly from one that has nothing to read.
///
/// Looked at now and then while bytes wait to be taken. What counts is how much was taken, not whether there was room at
/// the moment: who takes a little now and then keeps the room open and holds the memory all the same.
package struct WriteProgress: Sendable {
    /// Nanoseconds that a client may be too slow, in one go.
    package let patience: UInt64
    /// Bytes a second below which it is too slow.
    package let minimumRate: UInt64

    private var since: UInt64?
    private var takenBefore: UInt64 = 0

    package init(patience: UInt64, minimumRate: UInt64) {
        self.patience = patience
        self.minimumRate = minimumRate
    }

    /// True when the client is to be given up.
    ///
    /// - Parameters:
    ///   - taken: Bytes taken by the client since the connection began.
    ///   - waiting: Bytes that wait to be taken now.
    package mutating func isStalled(taken: UInt64, waiting: Int, at now: UInt64) -> Bool {
        guard waiting > 0 else {
            since = nil
            return false
        }
        guard let since else {
            start(taken, now)
            return false
        }
        let elapsed = now - since
        guard elapsed >= patience else { return false }
        let owed = minimumRate * (elapsed / 1_000_000_000)
        if (taken > takenBefore ? taken - takenBefore : 0) < max(1, owed) { return true }
        start(taken, now)
        return false
    }

    private mutating func start(_ taken: UInt64, _ now: UInt64) {
        since = now
        takenBefore = taken
    }
}
