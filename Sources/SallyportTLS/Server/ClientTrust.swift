import SallyportPKI

/// Who may vouch for clients of a listener, and what the certificates are called.
package struct ClientTrust: Sendable {
    /// Their names are sent to clients as a hint which certificate to present.
    package let anchors: [TrustAnchor]
    package let rules: IdentityRules
    let verifier: ChainVerifier
    let revocation: RevocationFeed

    /// - Parameters:
    ///   - revocation: what is withdrawn; its newest view counts, also for connections that are open.
    ///   - maxDepth: intermediates allowed between leaf and anchor.
    package init(
        anchors: [TrustAnchor], revocation: RevocationFeed, maxDepth: Int, rules: IdentityRules,
        budget: VerificationBudget = .default
    ) {
        self.anchors = anchors
        self.rules = rules
        self.revocation = revocation
        verifier = ChainVerifier(
            anchors: anchors, revocation: revocation, purpose: .client, maxDepth: maxDepth, budget: budget)
    }
}
