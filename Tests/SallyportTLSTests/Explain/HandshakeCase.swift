import Foundation
import SallyportConfig
import SallyportModel
import SallyportPKI
import Testing

@testable import SallyportTLS

/// A handshake whose explanation is kept in `Tests/Golden/handshakes/NAME/expected.txt`.
struct HandshakeCase: Sendable, CustomTestStringConvertible {
    let name: String
    /// The reason that it must have.
    let reason: Reason?
    let make: @Sendable () throws -> (ExplainedHandshake, VerdictTree?)

    var testDescription: String { name }

    init(
        _ name: String, _ reason: Reason?, _ make: @escaping @Sendable () throws -> (ExplainedHandshake, VerdictTree?)
    ) {
        self.name = name
        self.reason = reason
        self.make = make
    }

    private static let folder: String = {
        let parts = #filePath.split(separator: "/").dropLast(3)
        return "/" + parts.joined(separator: "/") + "/Golden/handshakes"
    }()

    static var kept: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: folder).sorted() }
    }

    /// Compares with the expected text, or, with `UPDATE_GOLDEN=1`, makes it the expected one.
    ///
    /// The length of a signature differs by a byte or two from one run to the next, so numbers of bytes are masked.
    func expect(_ text: String) throws {
        let text = text.replacing(/[0-9]+ bytes/, with: "… bytes").replacing(/bytes: [0-9]+/, with: "bytes: …") + "\n"
        let place = Self.folder + "/" + name
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] != nil {
            try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: URL(fileURLWithPath: place + "/expected.txt"))
        }
        let expected = try Data(contentsOf: URL(fileURLWithPath: place + "/expected.txt"))
        #expect(text == String(decoding: expected, as: UTF8.self))
    }
}

/// Handshakes with the times and names that all cases share.
enum StagedHandshake {
    static let modern: HelloBytes = HelloBytes()
        .with(0, HelloBytes.serverName(["localhost"])).with(16, HelloBytes.alpn(["http/1.1"]))

    static let policy = HandshakePolicy(
        profile: "intermediate", versions: [0x0304, 0x0303],
        cipherSuites: [0x1301, 0x1302, 0x1303, 0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8],
        groups: [0x11EC, 0x001D, 0x0017, 0x0018], signatureAlgorithms: [0x0403, 0x0503, 0x0804, 0x0805, 0x0806],
        applicationProtocols: ["http/1.1"], clientCertificates: .require, trusted: ["CN=Test Root"],
        names: ["localhost", "api.example.org"], keys: ["ECDSA P-256"])

    static let shown = ShownCertificate(
        subject: "CN=localhost", issuer: "CN=Test Server Authority", names: ["localhost", "api.example.org"],
        key: "ECDSA P-256", notBefore: FixedChain.now - FixedChain.day, notAfter: FixedChain.now + FixedChain.day)

    private static func connection() throws -> ConnectionID { try #require(ConnectionID("hs-7k3m9xq2ab")) }

    static func accepted() throws -> HandshakeRecorder {
        HandshakeRecorder(connection: try connection(), acceptedAt: 0)
    }

    /// As far as the ClientHello.
    static func greeted(_ bytes: HelloBytes = modern) throws -> HandshakeRecorder {
        var recorder = try accepted()
        recorder.helloReceived(try ClientHello(message: bytes.message), at: 400_000)
        recorder.chose(policy, at: 450_000)
        return recorder.bounded
    }

    /// As far as the gateway's answer.
    static func answered(_ bytes: HelloBytes = modern) throws -> HandshakeRecorder {
        var recorder = try greeted(bytes)
        recorder.chose(certificate: shown, at: 500_000)
        return recorder
    }

    static func refused(
        _ recorder: HandshakeRecorder, _ refusal: ChainRefusal, at nanoseconds: UInt64 = 3_000_000, alert: UInt8? = nil
    ) -> ExplainedHandshake {
        var recorder = recorder
        recorder.refused(at: nanoseconds)
        if let alert { recorder.sent(alert: alert) }
        let sent = HandshakeRefusal(
            reason: refusal.reason, detail: refusal.detail, peer: "192.0.2.7:40112", listener: "main",
            sni: recorder.hello?.sni, subject: refusal.subject, issuer: refusal.issuer, serial: refusal.serial,
            fix: HandshakeRefusal.fix(for: refusal.reason, subject: refusal.subject))
        return ExplainedHandshake(
            recorder, time: FixedChain.now, listener: "main", peer: "192.0.2.7:40112", outcome: .refused(sent))
    }

    /// What the reader makes of the first bytes of a connection.
    static func opening(_ bytes: [UInt8]) throws -> ExplainedHandshake {
        var reader = ClientHelloReader()
        switch reader.read(bytes.span) {
        case .plainHTTP:
            return refused(try accepted(), ChainRefusal(.plainHTTP, "the first bytes are an HTTP request"))
        case .refused(let fault):
            return refused(
                try accepted(), ChainRefusal(fault.reason, fault.detail.description),
                alert: TLSAlert(for: fault.reason)?.rawValue)
        case .needMore, .hello:
            Issue.record("these bytes are not refused")
            return refused(try accepted(), ChainRefusal(.internalError, "not refused"))
        }
    }

    /// A presented chain, judged by the verifier of the gateway.
    static func judged(
        _ presented: [[UInt8]], root: [UInt8], revoked: Set<String> = [], maxDepth: Int = 3,
        budget: VerificationBudget = .default, at now: Int64 = FixedChain.now
    ) throws -> (ExplainedHandshake, VerdictTree?) {
        let anchor = TrustAnchor(authority: "clients", certificate: try ParsedCertificate(der: root))
        let verifier = ChainVerifier(
            anchors: [anchor], revocation: RevocationFeed(RevocationView(withdrawn: ["clients": revoked])), purpose: .client, maxDepth: maxDepth, budget: budget)
        let (result, tree) = verifier.explain(chain: presented, at: now)
        var recorder = try answered()
        recorder.received(chain: presented, at: 2_100_000)
        recorder.verified(at: 2_900_000)
        switch result {
        case .failure(let refusal): return (refused(recorder, refusal, alert: 46), tree)
        case .success:
            Issue.record("the chain is accepted")
            return (refused(recorder, ChainRefusal(.internalError, "accepted")), tree)
        }
    }

    static func judged(_ chain: FixedChain, maxDepth: Int = 3) throws -> (ExplainedHandshake, VerdictTree?) {
        try judged(try chain.presented, root: try chain.root.der, maxDepth: maxDepth)
    }
}
