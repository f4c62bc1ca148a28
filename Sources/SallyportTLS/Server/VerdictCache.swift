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
        /// The earliest notAfter on the path, seconds since 1970.
        let validUntil: Int64
        var status: VerifiedStatus

        func holds(at now: Int64) -> Bool {
            identity.certificate.notBefore <= now && now <= validUntil
        }
    }

    private struct State {
        var younger: [[UInt8]: Verdict] = [:]
        var older: [[UInt8]: Verdict] = [:]
        /// Verified intermediates by the issuer name of the leaves below them.
        var intermediates: [String: [[UInt8]]] = [:]
    }

    private static let maximumIssuers = 64
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
            guard !verdict.identity.intermediates.isEmpty else { return }
            if state.intermediates.count >= Self.maximumIssuers { state.intermediates = [:] }
            state.intermediates[verdict.identity.certificate.issuer] = verdict.identity.intermediates
        }
    }

    /// Intermediates that verified leaves of this issuer came with. They are candidates for a path and prove nothing.
    func intermediates(issuer: String) -> [[UInt8]] {
        state.withLock { $0.intermediates[issuer] ?? [] }
    }

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
