import SallyportEdge
import Testing

@Suite struct OffenceMeterTests {
    private static let second: UInt64 = 1_000_000_000
    private let rules = OffenceMeter.Rules(after: 10, within: 60 * second, length: 600)
    private let alice = BanSubject.identity("alice")

    /// The first sentence, and after how many offences it came.
    private func offend(
        _ meter: inout OffenceMeter, _ subject: BanSubject, times: Int, every gap: UInt64 = 0, from start: UInt64
    ) -> (OffenceMeter.Sentence, after: Int)? {
        for index in 0..<times {
            let sentence = meter.note(subject, rules, at: start + UInt64(index) * gap)
            if let sentence { return (sentence, index + 1) }
        }
        return nil
    }

    private func convict(
        _ meter: inout OffenceMeter, _ subject: BanSubject, times: Int, from start: UInt64
    ) throws -> (OffenceMeter.Sentence, after: Int) {
        let found = offend(&meter, subject, times: times, from: start)
        return try #require(found)
    }

    @Test func exactlySoMany() throws {
        var meter = OffenceMeter()
        let (sentence, after) = try convict(&meter, alice, times: 50, from: Self.second)
        #expect(after == 10)
        #expect(sentence == .init(seconds: 600, times: 1, offences: 10))
    }

    @Test func slowOnesAreNot() {
        var meter = OffenceMeter()
        let slow = offend(&meter, alice, times: 500, every: 7 * Self.second, from: Self.second)
        #expect(slow == nil)
    }

    @Test func theEdgeOfAWindowIsNoHole() throws {
        var meter = OffenceMeter()
        _ = offend(&meter, alice, times: 1, from: 0)
        let few = offend(&meter, alice, times: 8, from: 59 * Self.second)
        #expect(few == nil)
        let last = try convict(&meter, alice, times: 9, from: 61 * Self.second)
        #expect(last.after < 4)
    }

    @Test func longerEachTimeUpToADay() throws {
        var meter = OffenceMeter()
        var now = Self.second
        var lengths: [Int64] = []
        for _ in 0..<10 {
            let sentence = try convict(&meter, alice, times: 10, from: now).0
            lengths.append(sentence.seconds)
            now += UInt64(sentence.seconds) * Self.second + 3600 * Self.second
        }
        #expect(lengths == [600, 1200, 2400, 4800, 9600, 19_200, 38_400, 76_800, 86_400, 86_400])
    }

    @Test func aDayWithoutMakesUpForIt() throws {
        var meter = OffenceMeter()
        _ = offend(&meter, alice, times: 10, from: Self.second)
        let later = (600 + 86_400 + 2) * Self.second
        let last = try convict(&meter, alice, times: 10, from: later)
        #expect(last.0.times == 1)
    }

    @Test func aBanOfBeforeCounts() throws {
        var meter = OffenceMeter()
        meter.remember(alice, times: 3, secondsLeft: 5, at: 0)
        let last = try convict(&meter, alice, times: 10, from: 6 * Self.second)
        #expect(last.0.seconds == 4800)
        meter.forgive(alice)
        let forgiven = try convict(&meter, alice, times: 10, from: 7 * Self.second)
        #expect(forgiven.0.seconds == 600)
    }

    @Test func aFloodOfOthersDoesNotHideTheWorst() throws {
        var meter = OffenceMeter(capacity: 64)
        let nine = offend(&meter, alice, times: 9, from: Self.second)
        #expect(nine == nil)
        for number in 0..<10_000 { _ = meter.note(.identity("\(number)"), rules, at: 2 * Self.second) }
        #expect(meter.count == 64)
        let tenth = meter.note(alice, rules, at: 3 * Self.second)
        #expect(tenth != nil)
    }

    @Test func eachIsCountedAlone() {
        var meter = OffenceMeter()
        for number in 0..<9 {
            let ofAlice = meter.note(alice, rules, at: UInt64(number))
            #expect(ofAlice == nil)
            let ofBob = meter.note(.identity("bob"), rules, at: UInt64(number))
            #expect(ofBob == nil)
        }
    }
}
