import SallyportModel
import SallyportPKI

/// Whom an inspection trusts: authorities of the operator's choice and, when these do not know the issuer, those of the
/// operating system, which have to keep the stricter rules for public authorities.
package struct InspectionTrust: Sendable {
    private let own: ChainVerifier
    private let purpose: Purpose
    private let system: @Sendable () -> [TrustAnchor]

    /// Intermediates between a server's certificate and its anchor.
    private static let maxDepth = 5

    /// - Parameters:
    ///   - revoked: per authority, serial numbers in upper-case hex.
    ///   - system: called only when it is needed: to read the system's authorities takes a while.
    package init(
        _ anchors: [TrustAnchor], revoked: [String: Set<String>], name: ServerName,
        system: @escaping @Sendable () -> [TrustAnchor]
    ) {
        purpose = .server(name)
        own = ChainVerifier(anchors: anchors, revocation: RevocationFeed(RevocationView(withdrawn: revoked)), purpose: .server(name), maxDepth: Self.maxDepth)
        self.system = system
    }

    /// - Parameters:
    ///   - chain: DER, leaf first.
    ///   - now: seconds since 1970.
    package func judge(_ chain: [[UInt8]], at now: Int64) -> InspectionVerdict {
        let (result, tree) = own.explain(chain: chain, at: now)
        guard case .failure(let refusal) = result, refusal.reason == .certificateIssuerUnknown else {
            return InspectionVerdict(result: result, tree: tree)
        }
        let anchors = system()
        guard !anchors.isEmpty else { return InspectionVerdict(result: result, tree: tree) }
        let verifier = ChainVerifier(
            anchors: anchors, purpose: purpose, maxDepth: Self.maxDepth, profile: .publicAuthority)
        let (publicResult, publicTree) = verifier.explain(chain: chain, at: now)
        if case .failure(let refusal) = publicResult, refusal.reason == .certificateIssuerUnknown {
            return InspectionVerdict(result: result, tree: tree)
        }
        return InspectionVerdict(result: publicResult, tree: publicTree)
    }
}
