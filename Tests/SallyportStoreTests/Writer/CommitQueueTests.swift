import Dispatch
import SallyportAudit
import SallyportModel
import SallyportStore
import Synchronization
import Testing

/// A store that takes and fails as the test wants.
private final class FakeStore: Sendable {
    let groups = Mutex<[[StoreWrite]]>([])
    let isFailing = Mutex(false)
    let reports = Mutex<[Reason?]>([])

    func queue(_ bounds: CommitQueue.Bounds = .init()) -> CommitQueue {
        CommitQueue(bounds: bounds, report: { error in self.reports.withLock { $0.append(error?.reason) } }) {
            writes throws(StoreError) in
            if self.isFailing.withLock({ $0 }) { throw StoreError(.storeWriteFailed, "fake", "full") }
            self.groups.withLock { $0.append(writes) }
            return writes.map { _ in .done }
        }
    }

    var names: [String] {
        groups.withLock { $0.flatMap(\.self) }.compactMap { write in
            if case .consoleUserRemoved(let name) = write { name } else { nil }
        }
    }
}

@Suite struct CommitQueueTests {
    private func write(_ name: some CustomStringConvertible) -> StoreWrite { .consoleUserRemoved(name: name.description) }

    @Test func everythingIsWrittenInOrderAndTogether() {
        let store = FakeStore()
        let queue = store.queue()
        for index in 0..<600 { #expect(queue.submit([write(index)])) }
        #expect(queue.flush() == 0)
        #expect(store.names == (0..<600).map(String.init))
        #expect(store.groups.withLock { $0.count } < 100)
        #expect(store.groups.withLock { $0.map(\.count).max() ?? 0 } <= 256)
    }

    @Test func whoWaitsIsToldAfterTheCommit() async {
        let store = FakeStore()
        let queue = store.queue()
        let receipts = await withCheckedContinuation { (continuation: CheckedContinuation<Int, Never>) in
            let isTaken = queue.submit([write("a"), write("b")]) { result in
                if case .success(let receipts) = result { continuation.resume(returning: receipts.count) } else { continuation.resume(returning: -1) }
            }
            #expect(isTaken)
        }
        #expect(receipts == 2)
        #expect(store.names == ["a", "b"])
    }

    /// Nobody asks for it, and it is written all the same.
    @Test func whatNobodyWaitsForIsWrittenSoon() async throws {
        let store = FakeStore()
        let queue = store.queue()
        #expect(queue.submit([write("a")]))
        for _ in 0..<1500 where queue.count > 0 { try await Task.sleep(for: .milliseconds(10)) }
        queue.flush()
        #expect(store.names == ["a"])
    }

    @Test func aFullQueueTakesNothing() {
        let store = FakeStore()
        store.isFailing.withLock { $0 = true }
        var bounds = CommitQueue.Bounds()
        bounds.capacity = 3
        let queue = store.queue(bounds)
        for index in 0..<3 { #expect(queue.submit([write(index)])) }
        queue.flush()
        #expect(!queue.submit([write(3)]))
        #expect(queue.isFull)
        store.isFailing.withLock { $0 = false }
        #expect(queue.flush() == 0)
        #expect(queue.submit([write(4)]))
        queue.close()
        #expect(store.names == ["0", "1", "2", "4"])
    }

    /// What was taken is written in its order as soon as that works again; who waits learns of the failure at once.
    @Test func afterAFailureNothingIsLostOrDoubled() {
        let store = FakeStore()
        store.isFailing.withLock { $0 = true }
        let queue = store.queue()
        let results = Mutex<[Bool]>([])
        #expect(queue.submit([write("a")]))
        #expect(queue.submit([write("b")]) { result in results.withLock { $0.append((try? result.get()) != nil) } })
        #expect(queue.submit([write("c")]))
        #expect(queue.flush() == 2)
        #expect(results.withLock { $0 } == [false])
        #expect(store.reports.withLock { $0 } == [.storeWriteFailed])
        store.isFailing.withLock { $0 = false }
        #expect(queue.flush() == 0)
        #expect(store.names == ["a", "c"])
        #expect(store.reports.withLock { $0 } == [.storeWriteFailed, nil])
    }

    @Test func aClosedQueueTakesNothing() {
        let store = FakeStore()
        let queue = store.queue()
        #expect(queue.submit([write("a")]))
        #expect(queue.close() == 0)
        #expect(!queue.submit([write("b")]))
        #expect(store.names == ["a"])
        store.isFailing.withLock { $0 = true }
        let other = store.queue()
        #expect(other.submit([write("c")]))
        #expect(other.close() == 1)
    }
}
