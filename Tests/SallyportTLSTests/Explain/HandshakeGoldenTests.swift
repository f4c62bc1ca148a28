import SallyportModel
import Testing

@testable import SallyportTLS

/// `UPDATE_GOLDEN=1 swift test --filter HandshakeGoldenTests` writes the expected texts anew; read every change.
@Suite struct HandshakeGoldenTests {
    static let all =
        HandshakeCase.openings + HandshakeCase.negotiations + HandshakeCase.alerts + HandshakeCase.endings
        + HandshakeCase.chains

    @Test(arguments: all) func readsAsExpected(_ golden: HandshakeCase) throws {
        let (handshake, verdict) = try golden.make()
        #expect(handshake.reason == golden.reason, "\(handshake.headline)")
        try golden.expect(handshake.text(verdict: verdict))
    }

    @Test func theCorpusIsAsLargeAsPromised() throws {
        #expect(Set(Self.all.map(\.name)).count == Self.all.count)
        #expect(try HandshakeCase.kept == Self.all.map(\.name).sorted())
        #expect(Set(Self.all.compactMap { $0.reason?.code }).count >= 40)
    }

    /// An operator is told what to do in each case, and the heading says what it was.
    @Test(arguments: all) func aRefusalEndsWithItsFix(_ golden: HandshakeCase) throws {
        let (handshake, verdict) = try golden.make()
        guard let refusal = handshake.refusal else { return }
        let lines = handshake.text(verdict: verdict).split(separator: "\n")
        #expect(lines.first?.hasSuffix("\(refusal.reason.name) \(refusal.reason.title)") == true)
        #expect(lines.contains { $0.drop { $0 == " " }.hasPrefix("fix ") })
    }

    @Test(arguments: all) func noLineIsTooLong(_ golden: HandshakeCase) throws {
        let (handshake, _) = try golden.make()
        for line in handshake.text().split(separator: "\n") { #expect(line.count <= 124, "\(line)") }
    }
}
