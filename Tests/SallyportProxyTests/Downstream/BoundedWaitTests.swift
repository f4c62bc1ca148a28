import Testing

@testable import SallyportProxy

@Suite struct BoundedWaitTests {
    @Test func belowTheBoundNobodyGivesWay() {
        var pending = BoundedWait<Int>(capacity: 3)
        let displaced = (0..<3).compactMap { pending.add($0).displaced }
        #expect(displaced.isEmpty)
        #expect(pending.count == 3)
    }

    @Test func theOldestGivesWay() {
        var pending = BoundedWait<Int>(capacity: 2)
        let first = pending.add(0).ticket
        let second = pending.add(1).ticket
        let third = pending.add(2)
        #expect(third.displaced == 0)
        let removed = [first, second, second].map { pending.remove($0) }
        #expect(removed == [false, true, false])
        #expect(pending.count == 1)
    }

    /// Whoever finishes is not displaced, however many stall: the stalled ones are older.
    @Test func whoFinishesSoonIsNeverDisplaced() {
        var pending = BoundedWait<Int>(capacity: 10)
        var displaced: [Int] = []
        for round in 0..<10_000 {
            let good = pending.add(-round - 1)
            let stalled = (0..<5).map { _ in pending.add(round) }
            displaced += ([good] + stalled).compactMap(\.displaced)
            let wasThere = pending.remove(good.ticket)
            #expect(wasThere)
            #expect(pending.count <= 10)
        }
        #expect(displaced.allSatisfy { $0 >= 0 })
        #expect(displaced == displaced.sorted())
    }

    @Test func aBoundOfNothingIsOne() {
        var pending = BoundedWait<Int>(capacity: 0)
        let displaced = [1, 2].map { pending.add($0).displaced }
        #expect(displaced == [nil, 1])
    }

    @Test(arguments: [(1024, 1, 256), (1024, 8, 64), (20_000, 2, 2000), (1 << 20, 4, 2000), (0, 1, 64), (1024, 0, 256)])
    func theBoundLeavesRoomForConnections(_ openFiles: Int, _ workers: Int, _ expected: Int) {
        #expect(Bounds.handshakes(openFiles: openFiles, workers: workers) == expected)
    }
}
