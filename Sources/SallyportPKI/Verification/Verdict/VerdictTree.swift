import SallyportModel

/// All that a verifier looked at to reach its verdict on one chain: for the operator, never for the peer.
///
/// Only `ChainVerifier.explain` makes one, by the code that decides.
package struct VerdictTree: Sendable, Hashable, Codable {
    /// What the peer wants to be: `client`, or `server NAME`.
    package let purpose: String
    /// The time of the verdict, seconds since 1970.
    package let time: Int64
    /// What was presented, and whether it could be read.
    package let input: [CheckStep]
    /// The peer's own certificate and, above it, the paths that were tried; nil when it could not be read.
    package let leaf: CandidateVerdict?
    /// Candidates that were looked at but are left out here, because there were too many.
    package let candidatesLeftOut: Int
    package let budget: [BudgetUse]
    package let outcome: Outcome

    package enum Outcome: Sendable, Hashable, Codable {
        /// - Parameters:
        ///   - path: subjects from the leaf to the anchor, and the name of its authority.
        ///   - validUntil: the earliest end on the path, seconds since 1970.
        case trusted(path: String, authority: String, validUntil: Int64)
        /// - Parameters:
        ///   - code: such as `SP2203`.
        ///   - detail: which certificate broke which rule.
        case refused(code: String, title: String, detail: String, fix: String)
    }
}

/// A certificate on one path that was tried, the checks of it in their order, and what was tried above it.
package struct CandidateVerdict: Sendable, Hashable, Codable {
    package enum Role: Sendable, Hashable, Codable {
        case leaf
        /// By its place in what the peer presented; the leaf is number 1.
        case intermediate(presented: Int)
        /// By the name of the authority whose trust bundle it is in.
        case anchor(authority: String)
    }

    package let role: Role
    /// RFC 4514 text, escaped.
    package let subject: String
    package let issuer: String
    /// Upper-case hex.
    package let serial: String
    package internal(set) var checks: [CheckStep] = []
    /// Candidates for its issuer, in the order in which they were tried.
    package internal(set) var issuers: [CandidateVerdict] = []

    init(_ role: Role, _ certificate: ParsedCertificate) {
        self.role = role
        subject = PrintableText.make(certificate.subject, limit: 256)
        issuer = PrintableText.make(certificate.issuer, limit: 256)
        serial = String(certificate.serial.prefix(64))
    }

    /// Whether a path to an anchor leads through it.
    package var isTrusted: Bool {
        guard checks.allSatisfy({ $0.outcome == .passed }) else { return false }
        if case .anchor = role { return true }
        return issuers.contains(where: \.isTrusted)
    }
}

/// How much of one bound was used.
package struct BudgetUse: Sendable, Hashable, Codable {
    package let name: String
    package let used: Int
    package let allowed: Int
}
