import SallyportModel
import SallyportPKI
import Testing

@testable import SallyportTLS

/// What servers may send to the one who looks at them. Good and bad handshakes are in the end-to-end tests.
@Suite struct PeerInspectorTests {
    private static func inspector() throws -> PeerInspector {
        let name = try #require(ServerName("localhost"))
        return try PeerInspector(
            PeerInspection(target: "localhost:1", name: name),
            trust: InspectionTrust([], revoked: [:], name: name) { [] }, credential: nil, start: 0,
            clock: { 1_000_000 },
            now: FixedChain.now)
    }

    private static func failure(_ inspector: PeerInspector) -> InspectionFailure? {
        if case .failed(let failure) = inspector.inspection.end { failure } else { nil }
    }

    @Test func whatIsOfferedIsReadFromWhatIsSent() throws {
        let inspector = try Self.inspector()
        #expect(try Self.inspector().begin().first == 22)
        _ = inspector.begin()
        #expect(inspector.inspection.offered?.sni == "localhost")
        #expect(inspector.inspection.offered?.groups.contains(0x11EC) == true)
    }

    @Test func anAlertIsPutIntoWords() throws {
        let inspector = try Self.inspector()
        _ = inspector.begin()
        #expect(inspector.receive([21, 3, 3, 0, 2, 2, 112]).progress == .ended)
        #expect(Self.failure(inspector)?.what == "the server sent the alert unrecognized_name (112)")
        #expect(Self.failure(inspector)?.fix.contains("--servername") == true)
    }

    @Test func anotherProtocolIsNamedAndItsTextIsSafe() throws {
        let inspector = try Self.inspector()
        _ = inspector.begin()
        #expect(inspector.receive(Array("220 \u{1B}[2Jmail ESMTP\r\n".utf8)).progress == .ended)
        #expect(Self.failure(inspector)?.why.contains("220 \\u{1b}[2Jmail ESMTP") == true)
    }

    @Test func whatIsTakenIsBounded() throws {
        let inspector = try Self.inspector()
        _ = inspector.begin()
        // Half a record that never ends, again and again.
        var taken = 0
        while taken < 1 << 20, inspector.receive([UInt8](repeating: 22, count: 64 << 10)).progress == .wantsMore {
            taken += 64 << 10
        }
        #expect(taken <= 256 << 10)
        #expect(Self.failure(inspector) != nil)
    }

    @Test func anEarlyEndIsToldFromALateOne() throws {
        let inspector = try Self.inspector()
        _ = inspector.begin()
        inspector.peerClosed()
        #expect(Self.failure(inspector)?.what == "the server closed the connection without an answer")
        let other = try Self.inspector()
        _ = other.begin()
        _ = other.receive([22, 3, 3])
        other.peerClosed()
        #expect(Self.failure(other)?.what == "the server closed the connection in the handshake")
    }

    @Test func silenceIsTold() throws {
        let inspector = try Self.inspector()
        _ = inspector.begin()
        inspector.timedOut(limit: 10)
        #expect(Self.failure(inspector)?.kind == .time)
        #expect(inspector.inspection.text(at: FixedChain.now).contains("not finished within 10 s"))
    }
}
