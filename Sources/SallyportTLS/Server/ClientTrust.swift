import SallyportPKI

/// Who may vouch for clients of a listener, and what the certificates are called.
package struct ClientTrust: Sendable {
    /// Their names are sent to clients as a hint which certificate to present.
    package let anchors: [TrustAnchor]
    package let rules: IdentityRules
    let verifier: ChainVerifier

    /// - Parameters:
    ///   - revoked: per authority, serial numbers in upper-case hex.
    ///   - maxDepth: intermediates allowed between leaf and anchor.
    package init(
        anchors: [TrustAnchor], revoked: [String: Set<String>], maxDepth: Int, rules: IdentityRules,
        budget: VerificationBudget = .default
    ) {
        self.anchors = anchors
        self.rules = rules
        verifier = ChainVerifier(
            anchors: anchors, revoked: revoked, purpose: .client, maxDepth: maxDepth, budget: budget)
    }
}
