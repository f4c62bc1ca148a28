import SallyportModel
import SallyportPKI
import SallyportTLS

/// One handshake for `sallyport explain`, as text and as JSON.
package struct HandshakeExplanation: Sendable {
    package let text: String
    package let json: String

    init(_ handshake: ExplainedHandshake, _ verdict: VerdictTree?) {
        text = handshake.text(verdict: verdict)
        json = handshake.json(verdict: verdict)
    }
}

extension GatewayStatus.RefusalCount {
    init(_ reason: Reason, _ count: Int) {
        self.init(code: reason.name, title: reason.title.description, count: count)
    }
}

extension GatewayStatus.LatestRefusal {
    init?(_ handshake: ExplainedHandshake) {
        guard let refusal = handshake.refusal else { return nil }
        self.init(
            connection: handshake.connection.text, at: handshake.time, code: refusal.reason.name,
            title: refusal.reason.title.description, listener: handshake.listener, peer: handshake.peer,
            subject: refusal.subject)
    }
}
