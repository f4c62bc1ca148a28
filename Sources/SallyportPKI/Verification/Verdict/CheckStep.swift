import SallyportModel

/// What a verifier checks, in the words of the standards. The raw value is for people and for JSON.
package enum CheckName: String, Sendable, Hashable, Codable, CaseIterable {
    // Before any certificate is looked at.
    case presentedChain = "presented chain"
    case encoding
    // A certificate by itself.
    case version
    case serialNumber = "serial number"
    case validity
    case signatureAlgorithm = "signature algorithm"
    case criticalExtensions = "critical extensions"
    case basicConstraints = "basic constraints"
    case keyUsage = "key usage"
    case extendedKeyUsage = "extended key usage"
    case nameConstraintsOwner = "no constraints of its own"
    case policyConstraints = "policy constraints"
    case issuerConformance = "rules for public authorities"
    // The leaf only.
    case names
    case workloadIdentity = "SPIFFE ID"
    case signedByAnother = "signed by another"
    case serverName = "server name"
    // A certificate as issuer of the one below it.
    case issuer
    case pathLength = "path length"
    case depth
    case trustDomain = "trust domain"
    case signature
    case revocation
    case nameConstraints = "name constraints"
}

/// One check of a certificate: what was compared, and how it came out.
package struct CheckStep: Sendable, Hashable, Codable {
    package enum Outcome: String, Sendable, Hashable, Codable {
        case passed, failed
        case notReached = "not reached"
    }

    package let name: CheckName
    package let outcome: Outcome
    /// What was compared. Text from certificates in it is escaped and bounded; empty when not reached.
    package let facts: String
    /// Of a failed check: the reason's code, such as `SP2203`.
    package let reason: String?
    /// Of a failed check: which certificate broke which rule.
    package let problem: String?

    init(_ name: CheckName, facts: String, refusal: ChainRefusal?) {
        self.name = name
        self.facts = PrintableText.make(facts)
        outcome = refusal == nil ? .passed : .failed
        reason = refusal?.reason.name
        problem = refusal.map { PrintableText.make($0.detail, limit: 1024) }
    }

    init(notReached name: CheckName) {
        self.name = name
        outcome = .notReached
        facts = ""
        reason = nil
        problem = nil
    }
}
