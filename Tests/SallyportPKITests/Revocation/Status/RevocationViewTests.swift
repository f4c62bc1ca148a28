import SallyportModel
import Testing

@testable import SallyportPKI

@Suite struct RevocationViewTests {
    private static let pause = CertificateStatus.doubtPause

    private func path() throws -> StatusPath {
        let root = try CertificateFactory.make(.authority("Root"))
        let leaf = try CertificateFactory.make(.init(), by: root)
        return StatusPath([try leaf.parsed()], authority: "test", anchor: try root.parsed())
    }

    private func view(
        _ answers: StatusAnswers, _ whenUnknown: RevocationPolicy = RevocationPolicy(
            responder: .url("http://ocsp.test/"), whenStatusUnknown: .allow)
    ) -> RevocationView {
        RevocationView(policies: ["test": whenUnknown], answers: answers)
    }

    /// Who is let in without a status is looked up again soon: it may be known by then.
    @Test func whatIsNotKnownIsLookedUpAgain() throws {
        let (path, answers) = (try path(), StatusAnswers())
        let view = view(answers)
        #expect(try view.check(path, at: 1000) == 1000 + Self.pause)
        let question = try #require(answers.take(at: 8).first).question
        answers.fail(question, "it is away", at: 1000)
        #expect(try view.check(path, at: 1000 + Self.pause) == 1000 + 2 * Self.pause)
        #expect(answers.take(at: 8).map(\.question) == [question])
    }

    /// A responder is asked again in time, although nothing but its own answer says so.
    @Test func anAnswerIsLookedUpAgainBeforeItEnds() throws {
        let (path, answers) = (try path(), StatusAnswers())
        let view = view(answers)
        _ = try view.check(path, at: 1000)
        let question = try #require(answers.take(at: 8).first).question
        answers.record(StatusAnswer(verdict: .good, thisUpdate: 1000, validUntil: 2000), to: question)
        #expect(try view.check(path, at: 1001) == 1500)
        _ = try view.check(path, at: 1500)
        #expect(answers.take(at: 8).map(\.question) == [question])
    }

    /// A list that holds for a week must not keep a responder from being asked for a week.
    @Test(arguments: [
        ([CertificateStatus.good(until: 9000), .good(until: 500)], CertificateStatus.good(until: 500)),
        ([.good(until: 9000), .unknown(why: "x")], .good(until: 100 + CertificateStatus.doubtPause)),
        ([.unknown(why: "x"), .good(until: 110)], .good(until: 110)),
        ([.unknown(why: "x"), .unknown(why: "y")], .unknown(why: "x; y")),
        ([], .good(until: .max)),
    ])
    func theFirstSourceThatWantsToBeAskedAgainDecides(_ statuses: [CertificateStatus], _ expected: CertificateStatus) {
        #expect(CertificateStatus.combined(statuses, at: 100) == expected)
    }
}
