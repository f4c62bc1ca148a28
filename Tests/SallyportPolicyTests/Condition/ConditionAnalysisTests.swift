import SallyportModel
import Testing

@testable import SallyportPolicy

/// What conditions can come to before any request is there.
@Suite struct ConditionAnalysisTests {
    @Test(
        arguments: [
            ("time.hour >= 25", OutcomeSet.fails), ("time.hour >= 0", .holds), ("time.hour == 24", .fails),
            ("time.hour != 24", .holds), ("time.hour in [24, 25]", .fails), ("time.hour not in [24]", .holds),
            ("time.minute < 60", .holds), ("time.minute > 58", [.holds, .fails]), ("time.hour < -1", .fails),
            ("time.hour >= 20 and time.hour < 6", .fails), ("time.hour >= 20 or time.hour < 6", [.holds, .fails]),
            ("not (time.hour >= 25)", .holds), ("time.hour >= 7 and time.minute >= 61", .fails),
            ("time.weekday == 'monday' and time.weekday == 'sunday'", .fails),
            ("request.method == 'GET'", [.holds, .fails]), ("has(request.method)", .holds),
            ("token.subject == 'a'", .all), ("has(token)", [.holds, .fails]),
            ("token.subject == 'a' and time.hour > 30", .fails), ("token.subject == 'a' or time.hour < 30", .holds),
            ("time.hour == time.minute", [.holds, .fails]),
        ] as [(String, OutcomeSet)])
    func outcomes(_ text: String, _ expected: OutcomeSet) throws {
        #expect(try Condition(text).outcomes() == expected)
    }

    @Test(
        arguments: [
            ("token.subject == 'a'", OutcomeSet.undecided), ("token.subject != 'a'", .undecided),
            ("has(token)", .fails), ("not has(token)", .holds), ("has(token.claim['x'])", .fails),
            ("has(token) and token.subject == 'a'", .fails),
            ("request.method == 'GET' or token.subject == 'a'", [.holds, .undecided]),
            ("request.header['x'] == token.subject", .all), ("key.name == 'ci'", .all),
        ] as [(String, OutcomeSet)])
    func withoutTokens(_ text: String, _ expected: OutcomeSet) throws {
        let outcomes = try Condition(text).outcomes(without: [.token])
        #expect(outcomes.isSubset(of: expected) && (expected == .all || outcomes == expected))
    }

    /// Whatever a condition comes to for a request was among what it was said that it can come to.
    @Test(arguments: RequestCase.allCases) func nothingElseComesOut(_ request: RequestCase) throws {
        let circumstances = try request.circumstances
        let parts = [
            "time.hour >= 12", "time.minute == 0", "time.weekday == 'tuesday'", "request.method == 'GET'", "has(token)",
            "token.scope contains 'orders:read'", "has(identity)", "identity.groups contains 'staff'", "tls.resumed",
            "request.header['x-team'] == 'a'", "client.address in ['10.0.0.0/8']", "key.name == token.client",
        ]
        for left in parts {
            for right in parts {
                for text in ["\(left) and \(right)", "\(left) or not (\(right))", "not (\(left)) and not (\(right))"] {
                    let condition = try Condition(text)
                    #expect(condition.outcomes().contains(OutcomeSet(condition.outcome(circumstances))), "\(text)")
                }
            }
        }
    }

    @Test func constantsHaveTheirPlace() throws {
        let condition = try Condition("request.method == 'GET' and time.minute < 60")
        #expect(condition.constants.map(\.text) == ["time.minute < 60"])
        #expect(condition.constants.first?.holds == true)
    }

    @Test(
        arguments: [
            ("token.subject == 'a'", true), ("has(token) and token.subject == 'a'", false),
            ("request.method == 'GET' or token.scope contains 'x'", true), ("has(key)", false),
            ("not has(token) or token.scope contains 'x'", false), ("request.header['x'] == 'a'", false),
        ])
    func whatIsLeftUndecidedForWantOfATokenNeedsIt(_ text: String, _ expected: Bool) throws {
        #expect(try Condition(text).needs([.token]) == expected)
    }
}
