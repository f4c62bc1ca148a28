import SallyportModel

/// A chain that passed every check. Only `ChainVerifier` makes one.
package struct VerifiedChain: Sendable {
    /// The leaf.
    package let facts: CertificateFacts
    /// The authority whose anchor the path ends in.
    package let authority: String
    /// DER, leaf's issuer first, anchor left out.
    package let intermediates: [[UInt8]]
    /// The latest notBefore on the path, anchor included; seconds since 1970.
    package let validFrom: Int64
    /// The earliest notAfter on the path, anchor included; seconds since 1970.
    package let validUntil: Int64
    /// Subjects from the leaf to the anchor, for people.
    package let path: [String]
    package let status: StatusPath

    init(
        facts: CertificateFacts, authority: String, intermediates: [[UInt8]], validFrom: Int64, validUntil: Int64,
        path: [String], status: StatusPath
    ) {
        self.facts = facts
        self.authority = authority
        self.intermediates = intermediates
        self.validFrom = validFrom
        self.validUntil = validUntil
        self.path = path
        self.status = status
    }

    /// `CN=alice ← CN=Sallyport Intermediate ← CN=Sallyport Root 1234 (local)`
    package var pathDescription: String { path.joined(separator: " ← ") + " (\(authority))" }
}

/// Why a presented chain is refused. For the operator; the peer learns nothing of it.
package struct ChainRefusal: Error, Sendable, Equatable {
    package let reason: Reason
    /// Which certificate and which rule, in the operator's words. Text from certificates in it is escaped.
    package let detail: String
    /// Of the presented leaf, when that much of it could be read: RFC 4514 text, escaped.
    package var subject: String?
    package var issuer: String?
    /// Upper-case hex.
    package var serial: String?

    /// The certificate was good once: it is withdrawn now, or nothing says any more that it is not.
    package var isWithdrawal: Bool {
        [.certificateRevoked, .certificateDenied, .certificateStatusUnknown].contains(reason)
    }

    package init(
        _ reason: Reason, _ detail: String, subject: String? = nil, issuer: String? = nil, serial: String? = nil
    ) {
        self.reason = reason
        self.detail = detail
        self.subject = subject
        self.issuer = issuer
        self.serial = serial
    }
}
