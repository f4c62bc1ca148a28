import SallyportModel
import SallyportPKI

/// One handshake as the operator reads it: its timeline, and of a refused certificate the verdict tree.
///
/// Made of values and without a clock, so that the same handshake always reads the same. Never for the peer.
package struct ExplainedHandshake: Sendable {
    package let record: HandshakeRecorder
    /// Of the accepted connection, seconds since 1970.
    package let time: Int64
    package let listener: String
    /// The peer's address as `ip:port`.
    package let peer: String
    package let outcome: Outcome

    package enum Outcome: Sendable {
        /// - Parameter client: what the client is called; nil without a certificate.
        case finished(client: String?)
        case refused(HandshakeRefusal)
    }

    package init(_ record: HandshakeRecorder, time: Int64, listener: String, peer: String, outcome: Outcome) {
        self.record = record
        self.time = time
        self.listener = listener
        self.peer = peer
        self.outcome = outcome
    }

    /// Nil when the refusal comes without a record.
    package init?(_ refusal: HandshakeRefusal, time: Int64) {
        guard let record = refusal.record else { return nil }
        self.init(record, time: time, listener: refusal.listener, peer: refusal.peer, outcome: .refused(refusal))
    }

    package var connection: ConnectionID { record.connection }

    package var refusal: HandshakeRefusal? {
        if case .refused(let refusal) = outcome { refusal } else { nil }
    }

    /// The reason of a refusal.
    package var reason: Reason? { refusal?.reason }

    /// `SP2203 The certificate has expired`, or what was agreed on.
    package var headline: String {
        switch outcome {
        case .refused(let refusal): "\(refusal.reason.name) \(refusal.reason.title)"
        case .finished: record.parameters?.text ?? "finished"
        }
    }
}

extension TLSFacts {
    /// `TLS 1.3, TLS_AES_128_GCM_SHA256, X25519MLKEM768`
    var text: String { [version.name, cipherSuite, group].compactMap(\.self).joined(separator: ", ") }
}

extension TLSProtocolVersion {
    /// As people write it.
    var name: String { self == .tls13 ? "TLS 1.3" : "TLS 1.2" }
}
