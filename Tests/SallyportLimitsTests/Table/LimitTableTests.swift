import Testing

@testable import SallyportLimits

@Suite struct LimitTableTests {
    static let time = LimitTime(nanoseconds: 1_000_000_000_000, unix: 1_795_392_000)
    static let quota = Quota.pace(Pace(amount: 1, period: 1_000_000_000, burst: 10))

    @Test func remembersEachCaller() {
        let table = LimitTable(memory: LimitMemory(), shards: 4)
        for caller in 1...10_000 as ClosedRange<UInt64> {
            _ = table.withState(of: Self.key(caller), Self.quota, at: Self.time) {
                $0 = QuotaState(first: Self.time.nanoseconds + caller)
            }
        }
        for caller in 1...10_000 as ClosedRange<UInt64> {
            let first = table.withState(of: Self.key(caller), Self.quota, at: Self.time) { $0.first }
            #expect(first == Self.time.nanoseconds + caller)
        }
        #expect(table.count == 10_000)
        #expect(table.lostEntries == 0)
    }

    /// So a million take less than a hundred megabytes; Benchmarks/LimitDecision tries that many.
    @Test func aHundredThousandCallersTakeLessThanTenMegabytes() {
        let memory = LimitMemory()
        let table = LimitTable(memory: memory)
        for caller in 1...100_000 as ClosedRange<UInt64> {
            _ = table.withState(of: Self.key(caller), Self.quota, at: Self.time) {
                $0.first = Self.time.nanoseconds + 1
            }
        }
        #expect(table.count == 100_000)
        #expect(table.lostEntries == 0)
        #expect(memory.used < 10_000_000)
    }

    /// What says nothing any more goes first, and costs nobody anything.
    @Test func entriesWhoseTimeIsOverGoFirst() {
        let table = LimitTable(memory: LimitMemory(bytes: 0), shards: 1)
        var time = Self.time
        for caller in 1...100_000 as ClosedRange<UInt64> {
            time.nanoseconds += 1_000_000_000
            _ = table.withState(of: Self.key(caller), Self.quota, at: time) {
                $0 = QuotaState(first: time.nanoseconds + 1)
            }
        }
        #expect(table.lostEntries == 0)
        #expect(table.count <= 32)
    }

    /// A flood of new callers must not be a way to be forgotten: who comes in the place of another one begins with
    /// what that one had used.
    @Test func aFloodDoesNotSwitchTheLimitOff() {
        let memory = LimitMemory(bytes: 4096)
        let table = LimitTable(memory: memory, shards: 1)
        let full = Pace(amount: 1, period: 1_000_000_000, burst: 10)
        var admitted = 0
        for caller in 1...20_000 as ClosedRange<UInt64> {
            let isAdmitted = table.withState(of: Self.key(caller), Self.quota, at: Self.time) { state in
                let check = full.check(state, cost: 1, now: Self.time.nanoseconds)
                state = check.after
                return check.isAdmitted
            }
            admitted += isAdmitted == true ? 1 : 0
        }
        // At most a full burst for each place there is.
        #expect(admitted <= memory.used / 32 * 10)
        #expect(admitted > 0)
        #expect(table.lostEntries > 0)
    }

    /// Requests under way are not forgotten: there the newcomer is refused.
    @Test func placesOfRequestsUnderWayAreKept() {
        let table = LimitTable(memory: LimitMemory(bytes: 0), shards: 1)
        let quota = Quota.concurrent(1)
        var refused = 0
        for caller in 1...100 as ClosedRange<UInt64> {
            let first: Void? = table.withState(of: Self.key(caller), quota, at: Self.time) { $0.first = 1 }
            refused += first == nil ? 1 : 0
        }
        #expect(refused == 68)
        #expect(table.lostEntries == 0)
    }

    @Test func memoryComesBack() {
        let memory = LimitMemory()
        do {
            let table = LimitTable(memory: memory, shards: 2)
            for caller in 1...1000 as ClosedRange<UInt64> {
                _ = table.withState(of: Self.key(caller), Self.quota, at: Self.time) { $0.first = .max }
            }
            #expect(memory.used > 32_000)
        }
        #expect(memory.used == 0)
    }

    static func key(_ caller: UInt64) -> LimitKey {
        var hasher = LimitKeyHasher(SipHashTests.key)
        hasher.add(.identity, "\(caller)".utf8)
        return hasher.key()
    }
}
