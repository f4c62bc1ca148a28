import SallyportConfig
import SallyportLimits
import Testing

@testable import SallyportCluster

@Suite struct LeaseCommandTests {
    static let question = LeaseQuestion(want: 10, owed: 2)

    @Test func aRateIsAPaceOrACalendar() throws {
        let pace = try #require(
            LeaseCommand(.rate(Rate(100, per: .minute), burst: 30), name: "k", Self.question, returned: 4))
        #expect(pace.script.digest == LeaseScript.pace.digest)
        #expect(pace.arguments == ["60000000", "100", "30", "10", "2", "4"])
        let month = try #require(LeaseCommand(.rate(Rate(9, per: .month), burst: 9), name: "k", Self.question))
        #expect(month.script.digest == LeaseScript.calendar.digest)
        #expect(month.arguments == ["month", "9", "10", "2", "0"])
        #expect(LeaseCommand(.concurrent(3), name: "k", Self.question) == nil)
    }

    @Test func anAnswerIsFourNumbers() {
        let good = RESPValue.array([.integer(10), .integer(7), .integer(0), .integer(1500)])
        let answer = LeaseAnswer(granted: 10, left: 7, retryAfter: 0, untilFull: 1_500_000)
        #expect(LeaseCommand.answer(good, to: Self.question) == answer)
    }

    /// Whoever answers in place of the server must not hand out more than was asked for, or break the arithmetic.
    @Test(arguments: [
        RESPValue.null, .array([]), .array([.integer(1), .integer(1), .integer(1)]),
        .array([.integer(11), .integer(1), .integer(1), .integer(1)]),
        .array([.integer(-1), .integer(1), .integer(1), .integer(1)]),
        .array([.integer(1), .integer(1), .integer(-1), .integer(1)]),
        .array([.integer(1), .simple("1"), .integer(1), .integer(1)]), .integer(4),
    ])
    func anythingElseIsNone(reply: RESPValue) {
        #expect(LeaseCommand.answer(reply, to: Self.question) == nil)
    }

    @Test func theGreatestNumbersDoNotTrap() {
        let reply = RESPValue.array([.integer(0), .integer(.max), .integer(.max), .integer(.max)])
        #expect(LeaseCommand.answer(reply, to: Self.question)?.retryAfter == UInt64.max / 4)
    }

    @Test func aCallersNameShowsNothingOfTheCaller() {
        let rule = RateLimit(name: "calls", by: [.identity], quota: .rate(Rate(1, per: .second), burst: 5))
        let limit = BoundLimit(rule, of: "edge", Limiter(rule, memory: LimitMemory()))
        func name(_ parts: [(LimitKeyPart, String)]) -> String {
            var name = CallerName(limit)
            for (part, text) in parts { name.add(part, text.utf8) }
            return name.text()
        }
        let alice = name([(.identity, "alice")])
        #expect(alice.hasPrefix("sallyport:{edge:calls:1/s:5:"))
        #expect(!alice.contains("alice"))
        #expect(alice != name([(.identity, "alic"), (.identity, "e")]))
        #expect(alice != name([(.header, "alice")]))
    }
}
