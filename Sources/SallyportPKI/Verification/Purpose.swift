/// What the peer wants to be with its certificate.
package enum Purpose: Sendable, Hashable {
    /// A client of a listener: extended key usage clientAuth.
    case client
    /// A server that is asked for this name: extended key usage serverAuth and a matching subject alternative name.
    case server(ServerName)
    /// A server that is known by something else than a host name, such as a SPIFFE ID: extended key usage serverAuth,
    /// which has to stand there. Who it is, is the caller's to look at.
    case service
}

/// How much of what the standards demand of *issuers* is checked beyond what they tell a *verifier* to check.
package enum CertificateProfile: Sendable, Hashable {
    /// RFC 5280 path validation with modern algorithms. For authorities that the operator runs or chose.
    case privateAuthority
    /// In addition the rules on issuers of RFC 5280 section 4.2 (key identifiers present, criticality as written) and,
    /// for servers, of the CA/Browser Forum's Baseline Requirements. For the public web's authorities.
    case publicAuthority
}

/// Bounds on the work that one chain may cause.
package struct VerificationBudget: Sendable, Hashable {
    /// Presented certificates, the leaf included.
    package var certificates: Int
    /// All presented certificates together.
    package var bytes: Int
    /// Candidate issuers looked at.
    package var steps: Int
    /// Signatures checked.
    package var signatures: Int
    /// Comparisons of one name with one name constraint.
    package var nameComparisons: Int

    package init(
        certificates: Int = 10, bytes: Int = 64 << 10, steps: Int = 200, signatures: Int = 100,
        nameComparisons: Int = 10_000
    ) {
        self.certificates = certificates
        self.bytes = bytes
        self.steps = steps
        self.signatures = signatures
        self.nameComparisons = nameComparisons
    }

    package static let `default` = VerificationBudget()
}

extension Purpose: CustomStringConvertible {
    package var description: String {
        switch self {
        case .client: "client"
        case .server(let name): "server \(name.text)"
        case .service: "service"
        }
    }
}
