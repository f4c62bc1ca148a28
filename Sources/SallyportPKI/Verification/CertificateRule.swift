import SallyportModel

/// One rule on one certificate by itself: what to check, and what to tell of it when somebody asks.
struct CertificateRule: Sendable {
    let name: CheckName
    /// What is compared. Called only for an explanation.
    let facts: @Sendable (CertificateRules, ParsedCertificate) -> String
    let check: @Sendable (CertificateRules, ParsedCertificate) throws(ChainRefusal) -> Void

    init(
        _ name: CheckName, facts: @escaping @Sendable (CertificateRules, ParsedCertificate) -> String,
        check: @escaping @Sendable (CertificateRules, ParsedCertificate) throws(ChainRefusal) -> Void
    ) {
        self.name = name
        self.facts = facts
        self.check = check
    }
}

/// What a certificate must be by itself, in the order in which it is checked: cheap and telling before the rest.
extension CertificateRules {
    /// What a peer's own certificate must be.
    var forLeaf: [CertificateRule] { profile == .publicAuthority ? Self.publicLeaf : Self.leaf }
    /// What a certificate must be that others on the path are signed with.
    var forIntermediate: [CertificateRule] {
        profile == .publicAuthority ? Self.publicIntermediate : Self.intermediate
    }
    /// A root is trusted as it stands, but not beyond what it says about itself. One of version 1 says nothing.
    func forAnchor(_ anchor: ParsedCertificate) -> [CertificateRule] {
        switch (anchor.envelope.version, profile) {
        case (3, .privateAuthority): Self.anchor
        case (3, .publicAuthority): Self.publicAnchor
        case (_, .privateAuthority): Self.anchorWithoutExtensions
        case (_, .publicAuthority): Self.anchorWithoutExtensions + [Self.conformingAnchor]
        }
    }

    private static let leaf = [
        version, serialNumber, validity(expired: .certificateExpired), signatureAlgorithm, criticalExtensions,
        CertificateRule(.basicConstraints, facts: { $1.basicConstraintsText }) { rules, leaf throws(ChainRefusal) in
            try rules.checkIsNoAuthority(leaf)
        },
        CertificateRule(.keyUsage, facts: { $1.keyUsageText }) { rules, leaf throws(ChainRefusal) in
            try rules.checkLeafKeyUsage(leaf)
        },
        CertificateRule(.extendedKeyUsage, facts: { $1.extendedKeyUsageText }) { rules, leaf throws(ChainRefusal) in
            try rules.checkLeafExtendedKeyUsage(leaf)
        },
        CertificateRule(.nameConstraintsOwner, facts: { _, _ in "" }) { rules, leaf throws(ChainRefusal) in
            try rules.checkHasNoNameConstraints(leaf)
        },
    ]
    private static let publicLeaf =
        leaf + [
            CertificateRule(.issuerConformance, facts: { _, _ in "" }) { rules, leaf throws(ChainRefusal) in
                try rules.conformance.checkLeaf(leaf)
            }
        ]
    private static let intermediate = [version, serialNumber, signatureAlgorithm] + authority
    private static let publicIntermediate =
        intermediate + [
            CertificateRule(.issuerConformance, facts: { _, _ in "" }) { rules, issuer throws(ChainRefusal) in
                try rules.conformance.checkIntermediate(issuer)
            }
        ]
    private static let anchor = [anchorSerialNumber] + authority
    private static let authority = [
        validity(expired: .certificateIssuerExpired), criticalExtensions,
        CertificateRule(.basicConstraints, facts: { $1.basicConstraintsText }) { rules, issuer throws(ChainRefusal) in
            try rules.checkIsAuthority(issuer)
        },
        CertificateRule(.keyUsage, facts: { $1.keyUsageText }) { rules, issuer throws(ChainRefusal) in
            try rules.checkMaySign(issuer)
        },
        CertificateRule(.extendedKeyUsage, facts: { $1.extendedKeyUsageText }) { rules, issuer throws(ChainRefusal) in
            try rules.checkMayIssueForPurpose(issuer)
        },
        CertificateRule(.policyConstraints, facts: { _, _ in "" }) { rules, issuer throws(ChainRefusal) in
            try rules.checkDemandsNoPolicy(issuer)
        },
    ]
    private static let publicAnchor = anchor + [conformingAnchor]
    private static let anchorWithoutExtensions = [anchorSerialNumber, validity(expired: .certificateIssuerExpired)]
    private static let conformingAnchor =
        CertificateRule(.issuerConformance, facts: { _, _ in "" }) { rules, anchor throws(ChainRefusal) in
            try rules.conformance.checkAnchor(anchor)
        }

    private static let version = CertificateRule(.version, facts: { "\($1.envelope.version)" }) {
        rules, certificate throws(ChainRefusal) in try rules.checkVersion(certificate)
    }
    private static let serialNumber = CertificateRule(.serialNumber, facts: { $1.serial }) {
        rules, certificate throws(ChainRefusal) in try rules.checkSerial(certificate)
    }
    private static let anchorSerialNumber = CertificateRule(.serialNumber, facts: { $1.serial }) {
        rules, certificate throws(ChainRefusal) in try rules.checkSerialIsNotNegative(certificate)
    }
    private static let signatureAlgorithm = CertificateRule(.signatureAlgorithm, facts: { $1.signatureName }) {
        rules, certificate throws(ChainRefusal) in try rules.checkSignatureAlgorithm(certificate)
    }
    private static let criticalExtensions = CertificateRule(.criticalExtensions, facts: { $1.criticalText }) {
        rules, certificate throws(ChainRefusal) in try rules.checkCriticalExtensions(certificate)
    }
    private static func validity(expired: Reason) -> CertificateRule {
        CertificateRule(.validity, facts: { $1.validityText(at: $0.now) }) {
            rules, certificate throws(ChainRefusal) in try rules.checkTime(certificate, expired: expired)
        }
    }
}
