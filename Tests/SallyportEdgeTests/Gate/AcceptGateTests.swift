import SallyportEdge
import Testing

@Suite struct AcceptGateTests {
    static let second: UInt64 = 1_000_000_000
    static let now: UInt64 = 1000 * second

    static func key(_ number: Int) -> AddressKey? {
        AddressKey([10, UInt8(number >> 16 & 255), UInt8(number >> 8 & 255), UInt8(number & 255)])
    }

    static func refusal(_ result: Result<AcceptGate.Admission, GateRefusal>) -> GateRefusal? {
        if case .failure(let refusal) = result { refusal } else { nil }
    }

    @Test func oneAddressHasItsOwnLimitAndTakesNothingFromOthers() {
        var gate = AcceptGate(.init(connections: 1000, addressConnections: 3, addressRate: 50, addressBurst: 200))
        for _ in 0..<3 { #expect(Self.refusal(gate.admit(Self.key(1), at: Self.now)) == nil) }
        #expect(Self.refusal(gate.admit(Self.key(1), at: Self.now)) == .addressConnections)
        #expect(Self.refusal(gate.admit(Self.key(2), at: Self.now)) == nil)
        #expect(gate.open == 4)
    }

    @Test func whatIsClosedIsCountedBack() throws {
        var gate = AcceptGate(.init(connections: 2, addressConnections: 2))
        let first = try gate.admit(Self.key(1), at: Self.now).get()
        _ = try gate.admit(Self.key(1), at: Self.now).get()
        #expect(Self.refusal(gate.admit(Self.key(2), at: Self.now)) == .connections)
        gate.leave(first)
        #expect(Self.refusal(gate.admit(Self.key(2), at: Self.now)) == nil)
    }

    @Test func theRateOfAnAddressIsItsBurstAndThenItsRate() throws {
        var gate = AcceptGate(.init(connections: 100_000, addressConnections: 100_000, addressRate: 50, addressBurst: 200))
        var taken = 0
        for step in 0..<20_000 {
            let at = Self.now + UInt64(step) * Self.second / 2000
            if case .success(let admission) = gate.admit(Self.key(1), at: at) {
                taken += 1
                gate.leave(admission)
            }
        }
        // Ten seconds: 200 at once and 50 in each second.
        #expect((695...702).contains(taken), "\(taken)")
    }

    @Test func peersThatAreNotCountedMeetOnlyTheWhole() {
        var gate = AcceptGate(.init(connections: 300, addressConnections: 1))
        for _ in 0..<300 { #expect(Self.refusal(gate.admit(nil, at: Self.now)) == nil) }
        #expect(Self.refusal(gate.admit(nil, at: Self.now)) == .connections)
    }

    /// Whoever has a /64 has 2^64 addresses and one limit.
    @Test func addressesOfOnePrefixAreOne() {
        var gate = AcceptGate(.init(connections: 1000, addressConnections: 3))
        for last in 0..<3 {
            let key = AddressKey([0x20, 1, 0xd, 0xb8, 0, 0, 0, 1] + [0, 0, 0, 0, 0, 0, 0, UInt8(last)])
            #expect(Self.refusal(gate.admit(key, at: Self.now)) == nil)
        }
        let same = AddressKey([0x20, 1, 0xd, 0xb8, 0, 0, 0, 1] + [9, 9, 9, 9, 9, 9, 9, 9])
        #expect(Self.refusal(gate.admit(same, at: Self.now)) == .addressConnections)
        let other = AddressKey([0x20, 1, 0xd, 0xb8, 0, 0, 0, 2] + [0, 0, 0, 0, 0, 0, 0, 0])
        #expect(Self.refusal(gate.admit(other, at: Self.now)) == nil)
    }

    @Test func anIPv4AddressInsideIPv6IsTheIPv4Address() {
        #expect(AddressKey([192, 0, 2, 1]) == AddressKey([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 192, 0, 2, 1]))
        #expect(AddressKey([192, 0, 2, 1]) != AddressKey([0, 0, 0, 0, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0]))
        #expect(AddressKey([1, 2, 3]) == nil)
    }

    // MARK: the table under attack

    /// A hundred thousand addresses come by: the table stays as small as it was, and the address that misbehaves is
    /// not forgotten while it is connected.
    @Test func theTableIsBoundedAndKeepsWhoIsConnected() throws {
        var gate = AcceptGate(.init(connections: 100, addressConnections: 2), addresses: 400)
        for _ in 0..<2 { _ = try gate.admit(Self.key(0), at: Self.now).get() }
        var refused = 0
        for number in 1...100_000 {
            switch gate.admit(Self.key(number), at: Self.now + UInt64(number)) {
            case .success(let admission): gate.leave(admission)
            case .failure: refused += 1
            }
        }
        #expect(Self.refusal(gate.admit(Self.key(0), at: Self.now)) == .addressConnections)
        #expect(gate.forgotten > 90_000)
        #expect(refused == 0)
    }

    /// To flood the table does not give an address a new full bucket: it begins with one token.
    @Test func aFloodedTableTightensTheLimit() {
        var gate = AcceptGate(.init(connections: 100, addressConnections: 100, addressRate: 1, addressBurst: 50), addresses: 400)
        for number in 0..<1000 {
            if case .success(let admission) = gate.admit(Self.key(number), at: Self.now) { gate.leave(admission) }
        }
        #expect(Self.refusal(gate.admit(Self.key(5000), at: Self.now)) == nil)
        #expect(Self.refusal(gate.admit(Self.key(5000), at: Self.now)) == .addressRate)
        // When the flood is over, strangers get their whole burst again.
        let later = Self.now + 60 * Self.second
        for _ in 0..<50 { #expect(Self.refusal(gate.admit(Self.key(6000), at: later)) == nil) }
    }

    // MARK: handshakes

    @Test func strangersShareABucketAndRegularsHaveTheirOwn() throws {
        var gate = AcceptGate(.init(connections: 10_000, handshakes: 100))
        let regular = try gate.admit(Self.key(1), at: Self.now).get()
        #expect(gate.beginHandshake(regular, at: Self.now) == nil)
        gate.handshakeSucceeded(regular, at: Self.now)
        var refused = 0
        for number in 2..<1000 {
            let stranger = try gate.admit(Self.key(number), at: Self.now).get()
            if gate.beginHandshake(stranger, at: Self.now) == .handshakes { refused += 1 }
        }
        #expect(refused >= 798)
        #expect(gate.beginHandshake(regular, at: Self.now) == nil)
    }

    /// A good certificate is no licence to flood.
    @Test func anAddressThatIsKnownHasALimitToo() throws {
        var gate = AcceptGate(.init(connections: 10_000, addressHandshakes: 20))
        let regular = try gate.admit(Self.key(1), at: Self.now).get()
        gate.handshakeSucceeded(regular, at: Self.now)
        let answers = (0..<200).map { _ in gate.beginHandshake(regular, at: Self.now) }
        #expect(answers.filter { $0 == nil }.count == 80)
        #expect(answers.last == .some(.addressHandshakes))
        #expect(gate.beginHandshake(regular, at: Self.now + Self.second) == nil)
    }

    @Test func connectionsOfAnIdentityAreBoundedAndCountedBack() {
        var gate = AcceptGate(.init(connections: 10, identityConnections: 2))
        #expect(gate.identify("alice") == true)
        #expect(gate.identify("alice") == true)
        #expect(gate.identify("alice") == false)
        #expect(gate.identify("bob") == true)
        gate.forget("alice")
        #expect(gate.identify("alice") == true)
        gate.forget("nobody")
    }

    @Test func refusalsAreSummedUp() {
        var tally = RefusalTally()
        for _ in 0..<1000 { tally.count(.addressRate) }
        tally.count(.connections)
        let news = tally.news()
        #expect(news.map(\.0) == [.connections, .addressRate])
        #expect(news.map(\.count) == [1, 1000])
        #expect(tally.news().isEmpty)
        #expect(tally.all.map(\.count) == [1, 1000])
    }

    @Test func filesAreKeptForOperators() {
        let files = FileBudget(limit: 20_000)
        #expect(files.connections == 10_000)
        #expect(!files.isExhausted(open: 19_488, forAdmin: false))
        #expect(files.isExhausted(open: 19_489, forAdmin: false))
        #expect(!files.isExhausted(open: 19_489, forAdmin: true))
        #expect(FileBudget(limit: 256).reserve == 32)
    }
}
