import SallyportEdge
import Testing

@Suite struct TimingWheelTests {
    static func wheel(slots: Int = 8) -> TimingWheel<String> { TimingWheel(tickLength: 10, slots: slots, now: 1000) }

    @Test func nothingIsLookedAtBeforeItsTimeAndNothingIsMissed() {
        var wheel = Self.wheel()
        _ = wheel.add("a", deadline: 1025)
        #expect(wheel.due(at: 1025).isEmpty)
        #expect(wheel.due(at: 1029).isEmpty)
        #expect(wheel.due(at: 1030).map(\.1) == ["a"])
        #expect(wheel.due(at: 2000).isEmpty)
    }

    @Test func whatIsAlreadyPastIsDueWithTheNextTick() {
        var wheel = Self.wheel()
        _ = wheel.add("a", deadline: 3)
        #expect(wheel.due(at: 1010).map(\.1) == ["a"])
    }

    /// Farther than the ring: looked at when the ring ends, and set again.
    @Test func farDeadlinesAreLookedAtEarly() {
        var wheel = Self.wheel()
        let entry = wheel.add("a", deadline: 100_000)
        let looked = wheel.due(at: 1080)
        #expect(looked.map(\.1) == ["a"])
        wheel.set(entry, deadline: 1100)
        #expect(wheel.due(at: 1109).isEmpty)
        #expect(wheel.due(at: 1110).count == 1)
    }

    @Test func broughtForwardOnlyWhenItIsEarlier() {
        var wheel = Self.wheel()
        let entry = wheel.add("a", deadline: 1050)
        wheel.bringForward(entry, to: 1070)
        wheel.bringForward(entry, to: 1020)
        wheel.bringForward(entry, to: 1040)
        #expect(wheel.due(at: 1030).map(\.1) == ["a"])
    }

    @Test func theRemovedIsGoneAndItsPlaceIsUsedAgain() {
        var wheel = Self.wheel()
        let first = wheel.add("a", deadline: 1020)
        _ = wheel.add("b", deadline: 1020)
        wheel.remove(first)
        wheel.remove(first)
        _ = wheel.add("c", deadline: 1020)
        #expect(Set(wheel.due(at: 1030).map(\.1)) == ["b", "c"])
        #expect(wheel.count == 2)
    }

    @Test func aLongPauseFindsEverythingOnce() {
        var wheel = Self.wheel()
        for number in 0..<100 { _ = wheel.add("\(number)", deadline: 1000 + UInt64(number)) }
        let due = wheel.due(at: 1_000_000)
        #expect(due.count == 100)
        #expect(Set(due.map(\.1)).count == 100)
    }

    /// Against a plain list, with random deadlines, removals and moves.
    @Test(arguments: 0..<20) func agreesWithAList(seed: UInt64) {
        var random = Random(state: seed)
        var wheel = TimingWheel<Int>(tickLength: 10, slots: 16, now: 0)
        var deadlines: [Int: (TimingWheel<Int>.Entry, UInt64)] = [:]
        var now: UInt64 = 0
        for number in 0..<2000 {
            let deadline = now + random.next() % 500
            deadlines[number] = (wheel.add(number, deadline: deadline), deadline)
            if random.next() % 4 == 0, let (victim, value) = deadlines.randomElement(using: &random) {
                wheel.remove(value.0)
                deadlines[victim] = nil
            }
            now += random.next() % 20
            for (entry, element) in wheel.due(at: now) {
                guard let known = deadlines[element] else {
                    Issue.record("\(element) was removed")
                    continue
                }
                if known.1 / 10 < now / 10 {
                    wheel.remove(entry)
                    deadlines[element] = nil
                } else {
                    wheel.set(entry, deadline: known.1)
                }
            }
            #expect(deadlines.values.allSatisfy { $0.1 / 10 >= now / 10 }, "something is late")
        }
    }

    private struct Random: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 16
        }
    }
}

@Suite struct WriteProgressTests {
    static let second: UInt64 = 1_000_000_000

    @Test func whoTakesNothingIsGivenUpAfterItsTime() {
        var progress = WriteProgress(patience: 30 * Self.second, minimumRate: 500)
        #expect(progress.isStalled(taken: 1000, waiting: 5000, at: 0) == false)
        #expect(progress.isStalled(taken: 1000, waiting: 5000, at: 29 * Self.second) == false)
        #expect(progress.isStalled(taken: 1000, waiting: 5000, at: 30 * Self.second) == true)
    }

    /// A byte now and then keeps the room open, and used to keep the connection.
    @Test func whoTakesAByteASecondIsGivenUp() {
        var progress = WriteProgress(patience: 30 * Self.second, minimumRate: 500)
        let stalledAt = (0..<100).first { progress.isStalled(taken: UInt64($0), waiting: 5000, at: UInt64($0) * Self.second) }
        #expect(stalledAt == 30)
    }

    @Test func aSlowClientThatMakesWayIsLeftAlone() {
        var progress = WriteProgress(patience: 30 * Self.second, minimumRate: 500)
        let stalled = (0..<1000).contains { progress.isStalled(taken: UInt64($0) * 600, waiting: 5000, at: UInt64($0) * Self.second) }
        #expect(!stalled)
    }

    @Test func whoHasNothingToReadIsNotSlow() {
        var progress = WriteProgress(patience: 30 * Self.second, minimumRate: 500)
        #expect(progress.isStalled(taken: 0, waiting: 10, at: 0) == false)
        #expect(progress.isStalled(taken: 10, waiting: 0, at: 10 * Self.second) == false)
        #expect(progress.isStalled(taken: 10, waiting: 10, at: 3600 * Self.second) == false)
    }
}
