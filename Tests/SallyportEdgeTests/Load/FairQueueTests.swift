import SallyportEdge
import Testing

@Suite struct FairQueueTests {
    static let second: UInt64 = 1_000_000_000

    static func queue(limit: Int = 1, capacity: Int = 1000) -> FairQueue<String, String> {
        FairQueue(limit: limit, capacity: capacity, patience: second)
    }

    @Test func whoeverFitsGoes() {
        var queue = Self.queue(limit: 2)
        #expect(Self.goes(queue.enter("a", as: "x", at: 0)))
        #expect(Self.goes(queue.enter("b", as: "x", at: 0)))
        #expect(!Self.goes(queue.enter("c", as: "x", at: 0)))
        #expect(queue.leave() == ["c"])
        #expect(queue.leave().isEmpty)
        #expect(queue.active == 1)
    }

    /// A client with hundreds of requests waiting delays another by one place.
    @Test func turnsGoRoundByClient() {
        var queue = Self.queue()
        _ = queue.enter("first", as: "greedy", at: 0)
        for number in 0..<400 { _ = queue.enter("greedy \(number)", as: "greedy", at: 0) }
        _ = queue.enter("modest", as: "modest", at: 0)
        #expect(queue.leave() == ["greedy 0"])
        #expect(queue.leave() == ["modest"])
        #expect(queue.leave() == ["greedy 1"])
    }

    /// One client can't fill the queue so that no other finds a place in it.
    @Test func oneClientHasHalfOfTheQueueAtMost() {
        var queue = Self.queue(capacity: 10)
        _ = queue.enter("first", as: "greedy", at: 0)
        for number in 0..<5 { #expect(!Self.isFull(queue.enter("\(number)", as: "greedy", at: 0))) }
        #expect(Self.isFull(queue.enter("one more", as: "greedy", at: 0)))
        for number in 0..<5 { #expect(!Self.isFull(queue.enter("m", as: "client \(number)", at: 0))) }
        #expect(Self.isFull(queue.enter("m", as: "client 9", at: 0)))
        #expect(queue.waiting == 10)
    }

    @Test func whoWaitedTooLongIsTakenOut() {
        var queue = Self.queue()
        _ = queue.enter("first", as: "x", at: 0)
        _ = queue.enter("old", as: "x", at: 0)
        _ = queue.enter("young", as: "x", at: Self.second / 2)
        #expect(queue.expired(at: Self.second / 2).isEmpty)
        #expect(queue.expired(at: Self.second) == ["old"])
        #expect(queue.leave() == ["young"])
        #expect(queue.waiting == 0)
    }

    @Test func whoWithdrawsIsNotCalled() {
        var queue = Self.queue()
        _ = queue.enter("first", as: "x", at: 0)
        guard case .wait(let ticket) = queue.enter("gone", as: "x", at: 0) else {
            Issue.record("it should wait")
            return
        }
        _ = queue.enter("next", as: "y", at: 0)
        #expect(queue.withdraw(ticket) == true)
        #expect(queue.withdraw(ticket) == false)
        #expect(queue.leave() == ["next"])
    }

    /// Nobody overtakes those that wait.
    @Test func newcomersGoBehindThoseThatWait() {
        var queue = Self.queue()
        _ = queue.enter("first", as: "x", at: 0)
        _ = queue.enter("waiting", as: "x", at: 0)
        queue.limit = 5
        #expect(!Self.goes(queue.enter("new", as: "y", at: 0)))
        #expect(queue.admit() == ["waiting", "new"])
    }

    static func goes(_ entrance: FairQueue<String, String>.Entrance) -> Bool {
        if case .go = entrance { true } else { false }
    }

    static func isFull(_ entrance: FairQueue<String, String>.Entrance) -> Bool {
        if case .full = entrance { true } else { false }
    }
}

@Suite struct MemoryPressureTests {
    @Test func stepsBeginWhereTheyAreSaidToAndEndALittleBelow() {
        var pressure = MemoryPressure(budget: 1000)
        let used = [500, 849, 850, 919, 925, 955, 945, 921, 915, 900, 880, 819, 100]
        let steps = used.map { used in
            _ = pressure.note(used: used)
            return pressure.step
        }
        #expect(
            steps == [
                .none, .none, .closeAfterRequest, .closeAfterRequest, .refuseRequests, .refuseConnections,
                .refuseConnections, .refuseConnections, .refuseRequests, .refuseRequests, .closeAfterRequest, .none, .none,
            ])
    }

    @Test func withoutABudgetNothingIsDone() {
        var pressure = MemoryPressure(budget: 0)
        #expect(pressure.note(used: .max) == false)
        #expect(pressure.step == .none)
    }

    @Test func linuxIsRead() {
        #expect(MemoryReading.resident(statm: "5000 250 10 1 0 3 0\n", pageSize: 4096) == 1_024_000)
        #expect(MemoryReading.resident(statm: "", pageSize: 4096) == nil)
        #expect(MemoryReading.limit("max\n") == nil)
        #expect(MemoryReading.limit("536870912\n") == 536_870_912)
        #expect(MemoryReading.limit("9223372036854771712\n") == nil)
        #expect(MemoryReading.total(meminfo: "MemTotal:       16384 kB\nMemFree: 1 kB\n") == 16 << 20)
        #expect(MemoryReading.group(cgroup: "12:x:/y\n0::/system.slice/sallyport.service\n") == "/system.slice/sallyport.service")
        #expect(MemoryReading.group(cgroup: "0::/../..\n") == nil)
    }
}
