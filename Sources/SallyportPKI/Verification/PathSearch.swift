import SallyportModel
import X509

/// One search for a path from a presented leaf to a trust anchor.
///
/// Depth first, anchors before presented certificates, those with the right key identifier first. A candidate that
/// fails is not the end: there may be another of the same name. What failed deepest is what the operator is told.
struct PathSearch {
    private let verifier: ChainVerifier
    private let rules: CertificateRules
    private let presented: [ParsedCertificate]
    private let facts: CertificateFacts
    private var meter: VerificationMeter
    private var closest: (rank: Int, refusal: ChainRefusal)?

    /// - Parameter presented: at least the leaf.
    init(
        _ verifier: ChainVerifier, leaf: ParsedCertificate, presented: [ParsedCertificate], now: Int64
    ) throws(ChainRefusal) {
        self.verifier = verifier
        self.presented = presented
        rules = CertificateRules(purpose: verifier.purpose, profile: verifier.profile, now: now)
        meter = VerificationMeter(verifier.budget)
        try rules.checkLeaf(leaf)
        facts = try CertificateReader.facts(leaf)
    }

    mutating func run(from leaf: ParsedCertificate) throws(ChainRefusal) -> VerifiedChain {
        try refuseSelfSigned(leaf)
        if case .server(let name) = verifier.purpose, !name.matches(facts) {
            throw refusal(.certificateNameMismatch, leaf, "does not name \(name.text)")
        }
        var path = [leaf]
        if let chain = try extend(&path) { return chain }
        throw closest?.refusal ?? unknownIssuer(of: leaf)
    }

    private mutating func refuseSelfSigned(_ leaf: ParsedCertificate) throws(ChainRefusal) {
        guard leaf.envelope.isSelfIssued else { return }
        try meter.signature()
        guard leaf.isSigned(by: leaf) else { return }
        throw refusal(.certificateSelfSigned, leaf, "is signed with its own key")
    }

    /// Nil when no issuer of the last certificate leads to an anchor. Throws when the budget is spent.
    private mutating func extend(_ path: inout [ParsedCertificate]) throws(ChainRefusal) -> VerifiedChain? {
        guard let last = path.last else { return nil }
        for anchor in anchors(for: last) {
            try meter.step()
            if let chain = try attempt(on: path, { search throws(ChainRefusal) in try search.finish(path, at: anchor) })
            {
                return chain
            }
        }
        for candidate in candidates(for: last, on: path) {
            try meter.step()
            let fits: Void? = try attempt(on: path) { search throws(ChainRefusal) in
                try search.checkIntermediate(candidate, above: path)
            }
            guard fits != nil else { continue }
            path.append(candidate)
            if let chain = try extend(&path) { return chain }
            path.removeLast()
        }
        note(unknownIssuer(of: last), rank: path.count)
        return nil
    }

    /// Runs a check whose refusal ends this branch only; an exhausted budget ends all.
    private mutating func attempt<Value>(
        on path: [ParsedCertificate], _ check: (inout PathSearch) throws(ChainRefusal) -> Value
    ) throws(ChainRefusal) -> Value? {
        do {
            return try check(&self)
        } catch {
            guard error.reason != .certificateBudgetExceeded else { throw error }
            note(error, rank: 1000 + path.count)
            return nil
        }
    }

    private mutating func note(_ refusal: ChainRefusal, rank: Int) {
        if rank > closest?.rank ?? -1 { closest = (rank, refusal) }
    }

    private func anchors(for certificate: ParsedCertificate) -> [TrustAnchor] {
        let named = verifier.anchors.filter { $0.certificate.envelope.subject == certificate.envelope.issuer }
        return named.filter { certificate.namesKey(of: $0.certificate) }
            + named.filter { !certificate.namesKey(of: $0.certificate) }
    }

    /// Not again a certificate of the same name and key: that would go round in circles.
    private func candidates(for certificate: ParsedCertificate, on path: [ParsedCertificate]) -> [ParsedCertificate] {
        let named = presented.filter { candidate in
            candidate.envelope.subject == certificate.envelope.issuer
                && !path.contains {
                    $0.envelope.subject == candidate.envelope.subject
                        && $0.envelope.publicKeyInfo == candidate.envelope.publicKeyInfo
                }
        }
        return named.filter { certificate.namesKey(of: $0) } + named.filter { !certificate.namesKey(of: $0) }
    }

    private mutating func checkIntermediate(
        _ issuer: ParsedCertificate, above path: [ParsedCertificate]
    ) throws(ChainRefusal) {
        try rules.checkIntermediate(issuer)
        try checkPathLength(issuer, above: path)
        let counted = Self.countedIntermediates(path) + (issuer.envelope.isSelfIssued ? 0 : 1)
        guard counted <= verifier.maxDepth else {
            throw refusal(.certificatePathTooLong, issuer, "is intermediate \(counted) of at most \(verifier.maxDepth)")
        }
        try checkSignature(by: issuer, on: path)
    }

    private mutating func finish(
        _ path: [ParsedCertificate], at anchor: TrustAnchor
    ) throws(ChainRefusal) -> VerifiedChain {
        try rules.checkAnchor(anchor.certificate)
        try checkPathLength(anchor.certificate, above: path)
        try checkSignature(by: anchor.certificate, on: path)
        try checkRevocation(path, authority: anchor.authority)
        try checkNameConstraints(path + [anchor.certificate])
        let certificates = path + [anchor.certificate]
        verifier.memory.remember(certificates)
        return VerifiedChain(
            facts: facts, authority: anchor.authority, intermediates: path.dropFirst().map(\.der),
            validUntil: certificates.map(\.notAfter).min() ?? 0, path: certificates.map(\.subject))
    }

    private func checkPathLength(_ issuer: ParsedCertificate, above path: [ParsedCertificate]) throws(ChainRefusal) {
        guard let limit = issuer.extensions.pathLength, Self.countedIntermediates(path) > limit else { return }
        throw refusal(.certificatePathTooLong, issuer, "allows \(limit) intermediates below it (pathLenConstraint)")
    }

    /// RFC 5280 section 4.2.1.9: self-issued certificates do not count, nor does the leaf.
    private static func countedIntermediates(_ path: [ParsedCertificate]) -> Int {
        path.dropFirst().count { !$0.envelope.isSelfIssued }
    }

    private mutating func checkSignature(
        by issuer: ParsedCertificate, on path: [ParsedCertificate]
    ) throws(ChainRefusal) {
        guard let signed = path.last, !verifier.memory.knows(signed, signedBy: issuer) else { return }
        try meter.signature()
        guard signed.isSigned(by: issuer) else {
            throw refusal(
                .certificateSignatureInvalid, signed,
                "was not signed with the key of \(PrintableText.make(issuer.subject, limit: 256))")
        }
    }

    private func checkRevocation(_ path: [ParsedCertificate], authority: String) throws(ChainRefusal) {
        guard let serials = verifier.revoked[authority], !serials.isEmpty else { return }
        for certificate in path where serials.contains(certificate.serial) {
            throw refusal(.certificateRevoked, certificate, "has been revoked")
        }
    }

    /// - Parameter path: leaf first, anchor last.
    private mutating func checkNameConstraints(_ path: [ParsedCertificate]) throws(ChainRefusal) {
        for (height, authority) in path.enumerated().dropFirst() {
            guard let constraints = authority.extensions.nameConstraints else { continue }
            for (index, certificate) in path[..<height].enumerated()
            where index == 0 || !certificate.envelope.isSelfIssued {
                let check = NameConstraintCheck(certificate)
                try meter.nameComparisons(check.count * (constraints.permitted.count + constraints.excluded.count))
                if let violation = check.violation(of: constraints) {
                    throw refusal(
                        .certificateNameForbidden, certificate,
                        "breaks the name constraints of \(PrintableText.make(authority.subject, limit: 256)): "
                            + PrintableText.make(violation, limit: 256))
                }
            }
        }
    }

    private func unknownIssuer(of certificate: ParsedCertificate) -> ChainRefusal {
        refusal(
            .certificateIssuerUnknown, certificate,
            "was issued by \"\(PrintableText.make(certificate.issuer, limit: 256))\", which is not trusted here")
    }
}

extension ParsedCertificate {
    /// Whether its authorityKeyIdentifier names the other's key; a hint for the order of candidates, no proof.
    fileprivate func namesKey(of issuer: ParsedCertificate) -> Bool {
        guard let wanted = extensions.authorityKeyIdentifier?.keyIdentifier,
            let found = issuer.extensions.subjectKeyIdentifier
        else { return false }
        return wanted.elementsEqual(found)
    }

    func isSigned(by issuer: ParsedCertificate) -> Bool {
        issuer.certificate.publicKey.isValidSignature(certificate.signature, for: certificate)
    }
}
