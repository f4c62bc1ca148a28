import SallyportModel

/// Finds a path from a presented certificate to a trust anchor and checks all of it (RFC 5280 section 6.1).
///
/// A value without hidden state: the same input and time give the same answer, on any thread.
package struct ChainVerifier: Sendable {
    let anchors: [TrustAnchor]
    let revoked: [String: Set<String>]
    let purpose: Purpose
    let maxDepth: Int
    let budget: VerificationBudget
    let profile: CertificateProfile

    /// - Parameters:
    ///   - revoked: per authority, serial numbers in upper-case hex of certificates under it that are withdrawn.
    ///   - maxDepth: intermediates allowed between leaf and anchor; self-issued ones are not counted.
    package init(
        anchors: [TrustAnchor], revoked: [String: Set<String>] = [:], purpose: Purpose, maxDepth: Int,
        budget: VerificationBudget = .default, profile: CertificateProfile = .privateAuthority
    ) {
        self.anchors = anchors
        self.revoked = revoked
        self.purpose = purpose
        self.maxDepth = maxDepth
        self.budget = budget
        self.profile = profile
    }

    /// - Parameters:
    ///   - der: certificates as presented, leaf first, the rest in any order.
    ///   - now: seconds since 1970.
    package func verify(chain der: [[UInt8]], at now: Int64) -> Result<VerifiedChain, ChainRefusal> {
        .failure(ChainRefusal(.certificateIssuerUnknown, "not implemented"))
    }
}
