import SallyportConfig
import SallyportModel
import Testing

@testable import SallyportPKI
@testable import SallyportTLS

/// A client that was verified before is asked about again, for the whole of its path, wherever it comes in.
@Suite struct RevocationOfKnownClientsTests {
    private let world: TestWorld
    private let feed = RevocationFeed()
    private let context: ServerTLSContext
    private let chain: [[UInt8]]
    private let now = UnixTime.seconds()

    init() throws {
        world = try TestWorld()
        context = try world.context(feed: feed)
        chain = try world.authority.leaf("alice").der
    }

    /// What becomes of a known client: presented again, resumed, and on an open connection.
    private func reasons(_ known: Identity) -> [Reason?] {
        [
            context.verify(presented: chain), context.verify(resumed: chain[0]), context.reauthorize(known, at: now),
        ].map { result in
            if case .failure(let refusal) = result { refusal.reason } else { nil }
        }
    }

    private func view(_ lists: [CertificateList]) -> RevocationView {
        RevocationView(
            policies: ["clients": RevocationPolicy(hasLists: true)],
            lists: ["clients": lists.map { ($0, "test.crl") }])
    }

    private static let nowhere: [Reason?] = [nil, nil, nil]

    private static func everywhere(_ reason: Reason) -> [Reason?] { [reason, reason, reason] }

    @Test func theDenyListCountsForLeafAndIntermediate() throws {
        let known = try context.verify(presented: chain).get()
        #expect(reasons(known) == Self.nowhere)
        let key = Hexadecimal.text(try #require(world.authority.intermediateStatus.subjects.first).keyFingerprint)
        for subject in [DenyEntry.Subject.serial(known.certificate.serial, issuer: nil), .key(key)] {
            let entry = DenyEntry(subject, since: now, reason: .keyCompromise)
            feed.publish(RevocationView(denied: DenyList([entry])))
            #expect(reasons(known) == Self.everywhere(.certificateDenied), "\(entry.text)")
            feed.publish(RevocationView())
            #expect(reasons(known) == Self.nowhere)
        }
    }

    @Test func listsCountForLeafAndIntermediate() throws {
        let known = try context.verify(presented: chain).get()
        let authority = world.authority
        let (empty, above) = (
            try authority.list(of: [], at: now), try authority.rootList(revokingIntermediate: false, at: now)
        )
        feed.publish(view([empty, above]))
        #expect(reasons(known) == Self.nowhere)
        feed.publish(view([try authority.list(of: [known.certificate.serial], at: now), above]))
        #expect(reasons(known) == Self.everywhere(.certificateRevoked))
        feed.publish(view([empty, try authority.rootList(revokingIntermediate: true, at: now)]))
        #expect(reasons(known) == Self.everywhere(.certificateRevoked))
        feed.publish(view([]))
        #expect(reasons(known) == Self.everywhere(.certificateStatusUnknown))
    }

    /// An answer that comes in while the view stays the same.
    @Test func anAnswerOfAResponderCountsAtOnce() throws {
        let answers = StatusAnswers()
        let policy = RevocationPolicy(responder: .url("http://ocsp.test/"), whenStatusUnknown: .allow)
        feed.publish(RevocationView(policies: ["clients": policy], answers: answers))
        let known = try context.verify(presented: chain).get()
        #expect(reasons(known) == Self.nowhere)
        let inquiry = try #require(answers.take(at: 1).first)
        answers.record(
            StatusAnswer(verdict: .good, thisUpdate: now - 10, validUntil: now + 3600), to: inquiry.question)
        #expect(reasons(known) == Self.nowhere)
        answers.record(
            StatusAnswer(
                verdict: .revoked(date: now - 5, reason: .superseded), thisUpdate: now - 5, validUntil: now + 3600),
            to: inquiry.question)
        #expect(reasons(known) == Self.everywhere(.certificateRevoked))
    }
}
