import SallyportConfig
import SallyportModel
import SallyportPKI
import Synchronization

/// What an ACME server may look for right now: resources for http-01, certificates for tls-alpn-01.
///
/// Filled while names are being validated and empty at all other times. Shared by all event loops.
package final class PendingChallenges: Sendable {
    private struct State {
        /// Key authorizations by token.
        var resources: [String: String] = [:]
        /// By server name.
        var handshakes: [String: ChallengeTLS] = [:]
    }

    private let state = Mutex(State())
    private let handshakes = Atomic<Int>(0)

    package init() {}

    /// Whether some tls-alpn-01 challenge is pending. Looked at for each connection, so it takes no lock.
    package var expectsHandshakes: Bool { handshakes.load(ordering: .relaxed) > 0 }

    /// - Parameter now: seconds since 1970.
    package func publish(_ proofs: [ChallengeProof], at now: Int64) throws(PKIError) {
        for proof in proofs {
            switch proof.kind {
            case .http01: state.withLock { $0.resources[proof.token] = proof.keyAuthorization }
            case .tlsALPN01:
                let tls = try ChallengeTLS(proof, at: now)
                update { $0[proof.name] = tls }
            }
        }
    }

    package func withdraw(_ proofs: [ChallengeProof]) {
        for proof in proofs {
            switch proof.kind {
            case .http01: state.withLock { $0.resources[proof.token] = nil }
            case .tlsALPN01: update { $0[proof.name] = nil }
            }
        }
    }

    /// The content of `/.well-known/acme-challenge/TOKEN`; nil when no such challenge is pending.
    package func keyAuthorization(token: String) -> String? { state.withLock { $0.resources[token] } }

    func tls(serverName: String) -> ChallengeTLS? { state.withLock { $0.handshakes[serverName] } }

    private func update(_ change: (inout [String: ChallengeTLS]) -> Void) {
        state.withLock { state in
            change(&state.handshakes)
            handshakes.store(state.handshakes.count, ordering: .relaxed)
        }
    }
}

/// What shakes hands with an ACME server about one name.
struct ChallengeTLS: Sendable {
    private let context: TLSContext
    private let credential: TLSCredential

    init(_ proof: ChallengeProof, at now: Int64) throws(PKIError) {
        let source = "challenge of \(proof.name)"
        let settings = TLSSettings(minimum: .tls12, protocols: [ChallengeCertificate.applicationProtocol])
        context = try TLSContext(settings, side: .server(.unwanted, resumption: false, authorities: []), source: source)
        credential = try TLSCredential(
            try ChallengeCertificate.make(for: proof, at: now), algorithms: settings.signatureAlgorithms,
            source: source)
    }

    /// No certificate is asked for, so there is nothing to judge.
    func makeEngine() -> TLSEngine? {
        TLSEngine(server: context, credentials: [credential], sessionContext: [], judge: { _ in false })
    }
}
