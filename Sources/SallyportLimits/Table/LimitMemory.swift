import Synchronization

/// The memory that the tables of all limits of a process may take together.
package final class LimitMemory: Sendable {
    private let left: Atomic<Int>
    package let total: Int

    /// Bytes; a million callers take less.
    package static let usual = 96 << 20

    package init(bytes: Int = usual) {
        total = bytes
        left = Atomic(bytes)
    }

    /// Bytes in use.
    package var used: Int { total - left.load(ordering: .relaxed) }

    /// False when there is not so much left; nothing is taken then.
    func reserve(_ bytes: Int) -> Bool {
        var known = left.load(ordering: .relaxed)
        while known >= bytes {
            let (exchanged, now) = left.weakCompareExchange(
                expected: known, desired: known - bytes, ordering: .relaxed)
            if exchanged { return true }
            known = now
        }
        return false
    }

    /// Takes so much even when it is not left.
    func take(_ bytes: Int) { left.subtract(bytes, ordering: .relaxed) }

    func giveBack(_ bytes: Int) { left.add(bytes, ordering: .relaxed) }
}
