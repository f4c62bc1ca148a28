import FoundationEssentials
import SallyportPKI

/// The JSON form of an explained handshake. Times are seconds since 1970.
struct HandshakeDocument: Encodable {
    let connection: String
    let time: Int64
    let listener: String
    let peer: String
    /// `finished` or `refused`.
    let outcome: String
    let code: String?
    let title: String?
    let detail: String?
    let subject: String?
    let issuer: String?
    let serial: String?
    let fix: String?
    let steps: [Timeline.Step]
    let verification: VerdictTree?

    init(_ handshake: ExplainedHandshake, verdict: VerdictTree?) {
        let refusal = handshake.refusal
        connection = handshake.connection.text
        time = handshake.time
        listener = handshake.listener
        peer = handshake.peer
        outcome = refusal == nil ? "finished" : "refused"
        code = refusal?.reason.name
        title = refusal?.reason.title.description
        detail = refusal?.detail
        (subject, issuer, serial) = (refusal?.subject, refusal?.issuer, refusal?.serial)
        fix = refusal?.fix
        steps = handshake.timeline().steps
        verification = verdict
    }
}

extension ExplainedHandshake {
    /// Several lines for people, no trailing newline.
    package func text(verdict: VerdictTree? = nil) -> String {
        let heading =
            "handshake \(connection.text)  \(refusal == nil ? "finished" : "refused")  \(headline)\n"
            + "\(CertificateTime.text(time))  listener \(listener)  from \(peer)"
        return heading + "\n\n" + timeline(verdict: verdict?.lines ?? []).picture
    }

    /// One JSON object, keys sorted.
    package func json(verdict: VerdictTree? = nil) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(HandshakeDocument(self, verdict: verdict)), as: UTF8.self)
        } catch {
            return #"{"error": "not encodable"}"#
        }
    }
}

extension VerdictTree {
    /// What was checked. A refusal and its fix are left out: the timeline ends with them.
    var lines: [String] {
        text().split(separator: "\n", omittingEmptySubsequences: false).map(String.init).filter {
            !$0.hasPrefix("fix: ") && !$0.hasPrefix("✘ refused, ")
        }
    }
}
