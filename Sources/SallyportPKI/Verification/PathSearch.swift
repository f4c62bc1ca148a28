import SallyportModel

/// One search for a path from a presented leaf to a trust anchor.
///
/// Depth first, anchors before presented certificates, those with the right key identifier first. A candidate that
/// fails is not the end: there may be another of the same name. What failed deepest is what the operator is told.
struct PathSearch {
    /// A presented certificate that may be an issuer.
    struct Presented {
        let certificate: ParsedCertificate
        /// The leaf is number 1.
        let place: Int
    }

    private let presented: [Presented]
    private(set) var checks: PathChecks
    /// A failed check tells more than an issuer that is not there.
    private static let rankOfChecks = 1000
    private var closest: (rank: Int, refusal: ChainRefusal)?

    /// - Parameter unusable: why a presented certificate is none of the candidates; told when no check failed.
    init(presented: [Presented], unusable: ChainRefusal?, checks: PathChecks) {
        self.presented = presented
        self.checks = checks
        closest = unusable.map { (Self.rankOfChecks - 1, $0) }
    }

    /// - Throws: why no path is good; `certificateBudgetExceeded` when the search was cut short.
    mutating func run(from leaf: ParsedCertificate) throws(ChainRefusal) -> VerifiedChain {
        checks.begin(.leaf, leaf)
        let facts = try checks.leaf(leaf)
        var path = [leaf]
        guard let complete = try extend(&path, from: leaf) else {
            throw closest?.refusal ?? unknownIssuer(of: leaf)
        }
        let certificates = complete.path + [complete.issuer]
        guard let status = checks.status else {
            throw ChainRefusal(.certificateStatusUnknown, "the status of the path was not looked up")
        }
        checks.verifier.memory.remember(certificates)
        return VerifiedChain(
            facts: facts, authority: complete.authority ?? "", intermediates: complete.path.dropFirst().map(\.der),
            validFrom: certificates.map(\.notBefore).max() ?? .max,
            validUntil: certificates.map(\.notAfter).min() ?? 0, path: certificates.map(\.subject), status: status)
    }

    /// Nil when no issuer of the last certificate leads to an anchor. Throws when the budget is spent.
    private mutating func extend(
        _ path: inout [ParsedCertificate], from last: ParsedCertificate
    ) throws(ChainRefusal) -> PathLink? {
        let anchors = anchors(for: last)
        let candidates = candidates(for: last, on: path)
        recordIssuers(of: last, anchors: anchors, candidates: candidates)
        for anchor in anchors {
            try checks.meter.step()
            let link = PathLink(path: path, signed: last, issuer: anchor.certificate, authority: anchor.authority)
            if try attempt(anchor, at: link) { return link }
        }
        for candidate in candidates {
            try checks.meter.step()
            if let complete = try attempt(candidate, above: &path, from: last) { return complete }
        }
        note(unknownIssuer(of: last), rank: path.count)
        return nil
    }

    private mutating func attempt(_ anchor: TrustAnchor, at link: PathLink) throws(ChainRefusal) -> Bool {
        checks.begin(.anchor(authority: anchor.authority), link.issuer)
        defer { checks.recorder?.end() }
        return try passes(rank: link.path.count) { checks throws(ChainRefusal) in try checks.anchor(link) }
    }

    private mutating func attempt(
        _ candidate: Presented, above path: inout [ParsedCertificate], from last: ParsedCertificate
    ) throws(ChainRefusal) -> PathLink? {
        checks.begin(.intermediate(presented: candidate.place), candidate.certificate)
        defer { checks.recorder?.end() }
        let link = PathLink(path: path, signed: last, issuer: candidate.certificate)
        guard try passes(rank: path.count, { checks throws(ChainRefusal) in try checks.intermediate(link) })
        else { return nil }
        path.append(candidate.certificate)
        defer { path.removeLast() }
        return try extend(&path, from: candidate.certificate)
    }

    /// A refusal ends this branch only; an exhausted budget ends all.
    private mutating func passes(
        rank: Int, _ body: (inout PathChecks) throws(ChainRefusal) -> Void
    ) throws(ChainRefusal) -> Bool {
        do {
            try body(&checks)
            return true
        } catch {
            guard error.reason != .certificateBudgetExceeded else { throw error }
            note(error, rank: Self.rankOfChecks + rank)
            return false
        }
    }

    private mutating func note(_ refusal: ChainRefusal, rank: Int) {
        if rank > closest?.rank ?? -1 { closest = (rank, refusal) }
    }

    private func anchors(for certificate: ParsedCertificate) -> [TrustAnchor] {
        let named = checks.verifier.anchors.filter {
            $0.certificate.envelope.subject == certificate.envelope.issuer
        }
        return named.filter { certificate.namesKey(of: $0.certificate) }
            + named.filter { !certificate.namesKey(of: $0.certificate) }
    }

    /// Not again a certificate of the same name and key: that would go round in circles.
    private func candidates(for certificate: ParsedCertificate, on path: [ParsedCertificate]) -> [Presented] {
        let named = presented.filter { candidate in
            candidate.certificate.envelope.subject == certificate.envelope.issuer
                && !path.contains {
                    $0.envelope.subject == candidate.certificate.envelope.subject
                        && $0.envelope.publicKeyInfo == candidate.certificate.envelope.publicKeyInfo
                }
        }
        return named.filter { certificate.namesKey(of: $0.certificate) }
            + named.filter { !certificate.namesKey(of: $0.certificate) }
    }

    private mutating func recordIssuers(
        of certificate: ParsedCertificate, anchors: [TrustAnchor], candidates: [Presented]
    ) {
        let refusal = anchors.isEmpty && candidates.isEmpty ? unknownIssuer(of: certificate) : nil
        checks.record(
            .issuer,
            facts: { _ in
                let bundles = Set(anchors.map(\.authority)).sorted().joined(separator: ", ")
                let places = candidates.map { "\($0.place)" }.joined(separator: ", ")
                let found =
                    (anchors.isEmpty ? [] : ["in trust bundle \(bundles)"])
                    + (candidates.isEmpty ? [] : ["presented as number \(places)"])
                let name = PrintableText.make(certificate.issuer, limit: 256)
                return "\(name) "
                    + (refusal == nil ? found.joined(separator: "; ") : "is neither trusted nor presented")
            }, refusal)
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
}
