import SallyportModel
import SallyportPKI
import Synchronization

/// Client certificates that this generation has verified, so that meeting one again costs no signature checks.
///
/// The key is the certificate itself, compared byte for byte. Only verified certificates get in, and an entry counts
/// only while every certificate on its path is valid. Two halves of bounded size make up a cheap least-recently-used
/// order: what is not met while the younger half fills is forgotten with the older.
final class VerdictCache: Sendable {
    struct Verdict: Sendable {
        let identity: Identity
        /// What the client presented above the leaf, DER.
        let presented: [[UInt8]]
        /// The latest notBefore on the path, seconds since 1970.
        let validFrom: Int64
        /// The earliest notAfter on the path, seconds since 1970.
        let validUntil: Int64
        /// What revocation is asked about on every hit.
        let status: StatusPath

        func holds(at now: Int64) -> Bool { validFrom <= now && now <= validUntil }
    }

    private struct State {
        var younger: [[UInt8]: Verdict] = [:]
        var older: [[UInt8]: Verdict] = [:]
        var intermediates = KnownIntermediates()
    }

    private let half: Int
    private let state = Mutex(State())

    /// - Parameter capacity: certificates held at most.
    init(capacity: Int = 4096) {
        half = max(1, capacity / 2)
    }

    /// The verdict on this leaf if it still holds.
    func verdict(leaf: [UInt8], at now: Int64) -> Verdict? {
        state.withLock { state in
            if let verdict = state.younger[leaf] { return verdict.holds(at: now) ? verdict : nil }
            guard let verdict = state.older.removeValue(forKey: leaf), verdict.holds(at: now) else { return nil }
            insert(verdict, into: &state)
            return verdict
        }
    }

    func insert(_ verdict: Verdict) {
        state.withLock { state in
            insert(verdict, into: &state)
            if let issuer = verdict.status.leafIssuer {
                state.intermediates.insert(verdict.identity.intermediates, issuer: issuer)
            }
        }
    }

    /// Chains of intermediates that verified leaves of this issuer came with, newest first. They are candidates for a
    /// path and prove nothing.
    ///
    /// - Parameter issuer: name, DER.
    func intermediates(issuer: [UInt8]) -> [[[UInt8]]] { state.withLock { $0.intermediates.chains(issuer: issuer) } }

    var count: Int { state.withLock { $0.younger.count + $0.older.count } }

    private func insert(_ verdict: Verdict, into state: inout State) {
        let leaf = verdict.identity.certificate.der
        state.older[leaf] = nil
        state.younger[leaf] = verdict
        guard state.younger.count >= half else { return }
        state.older = state.younger
        state.younger = [:]
    }
}
