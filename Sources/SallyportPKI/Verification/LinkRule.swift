import SallyportModel

/// One rule on an issuer and the path below it: what to check, and what to tell of it when somebody asks.
struct LinkRule: Sendable {
    let name: CheckName
    /// What is compared. Called only for an explanation.
    let facts: @Sendable (PathChecks, PathLink) -> String
    let check: @Sendable (inout PathChecks, PathLink) throws(ChainRefusal) -> Void

    /// What a presented certificate must be to stand above a path. The signature is last: it costs most.
    static let intermediate = [pathLength, depth, trustDomain, signature]
    /// What must be true of the whole path once it has reached an anchor.
    static let anchor = [pathLength, trustDomain, signature, revocation, nameConstraints]

    private static let pathLength = LinkRule(
        name: .pathLength, facts: { "\($1.intermediates) intermediates below, \($1.issuer.pathLengthText)" },
        check: { checks, link throws(ChainRefusal) in try checks.checkPathLength(link) })
    private static let depth = LinkRule(
        name: .depth, facts: { "intermediate \($1.intermediatesWithIssuer) of at most \($0.verifier.maxDepth)" },
        check: { checks, link throws(ChainRefusal) in try checks.checkDepth(link) })
    private static let trustDomain = LinkRule(
        name: .trustDomain, facts: { _, link in link.issuer.uriText },
        check: { checks, link throws(ChainRefusal) in try checks.checkTrustDomain(link) })
    private static let signature = LinkRule(
        name: .signature, facts: { "\($1.signed.signatureName) of \($1.signedText) with \($1.issuer.keyKind) key" },
        check: { checks, link throws(ChainRefusal) in try checks.checkSignature(link) })
    private static let revocation = LinkRule(
        name: .revocation, facts: { checks, link in checks.revocationText(link) },
        check: { checks, link throws(ChainRefusal) in try checks.checkRevocation(link) })
    private static let nameConstraints = LinkRule(
        name: .nameConstraints, facts: { _, link in link.nameConstraintsText },
        check: { checks, link throws(ChainRefusal) in try checks.checkNameConstraints(link) })
}

extension PathLink {
    fileprivate var statusPath: StatusPath { StatusPath(path, authority: authority ?? "", anchor: issuer) }

    /// Counted with the issuer, unless that is self-issued.
    fileprivate var intermediatesWithIssuer: Int { intermediates + (issuer.envelope.isSelfIssued ? 0 : 1) }

    fileprivate var signedText: String { PrintableText.make(signed.subject, limit: 128) }

    fileprivate var nameConstraintsText: String {
        let constrained = (path.dropFirst() + [issuer]).filter { $0.extensions.nameConstraints != nil }
        guard !constrained.isEmpty else { return "none on the path" }
        return "of " + constrained.map { PrintableText.make($0.subject, limit: 128) }.joined(separator: ", ")
    }
}

extension ParsedCertificate {
    /// The first URI among the alternative names, as a SPIFFE ID would be.
    fileprivate var uriText: String {
        let uris = (extensions.alternativeNames ?? []).compactMap { name -> String? in
            if case .uri(let bytes) = name { String(decoding: bytes, as: UTF8.self) } else { nil }
        }
        return uris.first ?? "not stated"
    }

    fileprivate var pathLengthText: String {
        extensions.pathLength.map { "pathLenConstraint \($0)" } ?? "no pathLenConstraint"
    }
}

extension PathChecks {
    fileprivate func checkPathLength(_ link: PathLink) throws(ChainRefusal) {
        guard let limit = link.issuer.extensions.pathLength, link.intermediates > limit else { return }
        throw refusal(
            .certificatePathTooLong, link.issuer, "allows \(limit) intermediates below it (pathLenConstraint)")
    }

    fileprivate func checkDepth(_ link: PathLink) throws(ChainRefusal) {
        let counted = link.intermediatesWithIssuer
        guard counted <= verifier.maxDepth else {
            throw refusal(
                .certificatePathTooLong, link.issuer, "is intermediate \(counted) of at most \(verifier.maxDepth)")
        }
    }

    fileprivate mutating func checkSignature(_ link: PathLink) throws(ChainRefusal) {
        guard !verifier.memory.knows(link.signed, signedBy: link.issuer) else { return }
        try meter.signature()
        guard link.signed.isSigned(by: link.issuer) else {
            throw refusal(
                .certificateSignatureInvalid, link.signed,
                "was not signed with the key of \(PrintableText.make(link.issuer.subject, limit: 256))")
        }
    }

    fileprivate mutating func checkRevocation(_ link: PathLink) throws(ChainRefusal) {
        let path = link.statusPath
        try revocation.check(path, at: rules.now)
        status = path
    }

    fileprivate func revocationText(_ link: PathLink) -> String { revocation.text(link.statusPath, at: rules.now) }

    fileprivate mutating func checkNameConstraints(_ link: PathLink) throws(ChainRefusal) {
        let path = link.path + [link.issuer]
        for (height, authority) in path.enumerated().dropFirst() {
            guard let constraints = authority.extensions.nameConstraints else { continue }
            for (index, certificate) in path[..<height].enumerated()
            where index == 0 || !certificate.envelope.isSelfIssued {
                try check(constraints, of: authority, on: certificate)
            }
        }
    }

    private mutating func check(
        _ constraints: NameConstraintSubtrees, of authority: ParsedCertificate, on certificate: ParsedCertificate
    ) throws(ChainRefusal) {
        let check = NameConstraintCheck(certificate)
        try meter.nameComparisons(check.count * (constraints.permitted.count + constraints.excluded.count))
        guard let violation = check.violation(of: constraints) else { return }
        throw refusal(
            .certificateNameForbidden, certificate,
            "breaks the name constraints of \(PrintableText.make(authority.subject, limit: 256)): "
                + PrintableText.make(violation, limit: 256))
    }
}
