import SallyportModel
import X509

/// An issuer about to be put on top of a path.
struct PathLink: Sendable {
    /// Leaf first; the last one is `signed`.
    let path: [ParsedCertificate]
    /// What the issuer would have to have signed.
    let signed: ParsedCertificate
    let issuer: ParsedCertificate
    /// Of a trust anchor, the authority it stands for.
    var authority: String?

    /// RFC 5280 section 4.2.1.9: self-issued certificates do not count, nor does the leaf.
    var intermediates: Int { path.dropFirst().count { !$0.envelope.isSelfIssued } }
}

/// Runs the checks of one search, counts what they cost, and has them recorded when somebody asked for that.
struct PathChecks: Sendable {
    let verifier: ChainVerifier
    let rules: CertificateRules
    var meter: VerificationMeter
    var recorder: VerdictRecorder?
    /// What is withdrawn: one view for the whole search.
    let revocation: RevocationView
    /// Of the newest path whose status was found good.
    var status: StatusPath?

    init(_ verifier: ChainVerifier, now: Int64, meter: VerificationMeter, recorder: VerdictRecorder?) {
        self.verifier = verifier
        rules = CertificateRules(purpose: verifier.purpose, profile: verifier.profile, now: now)
        self.meter = meter
        self.recorder = recorder
        revocation = verifier.revocation.view
    }

    /// All that a leaf must be before anybody is asked who issued it.
    mutating func leaf(_ leaf: ParsedCertificate) throws(ChainRefusal) -> CertificateFacts {
        try run(rules.forLeaf, on: leaf)
        let facts = try check(.names, facts: { _, facts in facts.map(ParsedCertificate.namesText) ?? "" }) {
            _ throws(ChainRefusal) in try CertificateReader.facts(leaf)
        }
        try check(.workloadIdentity, facts: { _, _ in facts.uris.first ?? "none" }) { checks throws(ChainRefusal) in
            try checks.checkWorkloadIdentity(leaf, facts)
        }
        try check(.signedByAnother, facts: { _, _ in "" }) { checks throws(ChainRefusal) in
            try checks.checkIsNotSelfSigned(leaf)
        }
        if case .server(let name) = verifier.purpose {
            try check(.serverName, facts: { _, _ in name.text }) { _ throws(ChainRefusal) in
                guard name.matches(facts) else {
                    throw refusal(.certificateNameMismatch, leaf, "does not name \(name.text)")
                }
            }
        }
        return facts
    }

    /// All that a presented certificate must be to stand on the path.
    mutating func intermediate(_ link: PathLink) throws(ChainRefusal) {
        try run(rules.forIntermediate, on: link.issuer)
        try run(LinkRule.intermediate, on: link)
    }

    /// All that an anchor must be to end the path, and what can be said of a path only when it is complete.
    mutating func anchor(_ link: PathLink) throws(ChainRefusal) {
        try run(rules.forAnchor(link.issuer), on: link.issuer)
        try run(LinkRule.anchor, on: link)
    }

    /// Says that a certificate is looked at, until `recorder.end`.
    mutating func begin(_ role: CandidateVerdict.Role, _ certificate: ParsedCertificate) {
        guard recorder != nil else { return }
        let planned = planned(for: role, certificate)
        recorder?.begin(role, certificate, planned: planned)
    }

    mutating func record(_ name: CheckName, facts: (PathChecks) -> String, _ refusal: ChainRefusal? = nil) {
        guard recorder != nil else { return }
        let facts = facts(self)
        recorder?.record(name, facts, refusal)
    }

    /// Names of the checks of a certificate in its role, in their order.
    private func planned(for role: CandidateVerdict.Role, _ certificate: ParsedCertificate) -> [CheckName] {
        switch role {
        case .leaf:
            let name: [CheckName] = if case .server = verifier.purpose { [.serverName] } else { [] }
            return rules.forLeaf.map(\.name) + [.names, .workloadIdentity, .signedByAnother] + name + [.issuer]
        case .intermediate: return rules.forIntermediate.map(\.name) + LinkRule.intermediate.map(\.name) + [.issuer]
        case .anchor: return rules.forAnchor(certificate).map(\.name) + LinkRule.anchor.map(\.name)
        }
    }

    private mutating func run(
        _ list: [CertificateRule], on certificate: ParsedCertificate
    ) throws(ChainRefusal) {
        for rule in list {
            try check(rule.name, facts: { checks, _ in rule.facts(checks.rules, certificate) }) {
                checks throws(ChainRefusal) in try rule.check(checks.rules, certificate)
            }
        }
    }

    private mutating func run(_ list: [LinkRule], on link: PathLink) throws(ChainRefusal) {
        for rule in list {
            try check(rule.name, facts: { checks, _ in rule.facts(checks, link) }) { checks throws(ChainRefusal) in
                try rule.check(&checks, link)
            }
        }
    }

    /// Every check passes through here.
    ///
    /// - Parameter facts: what was compared, in words; gets nil when the check failed. Called for an explanation only.
    @discardableResult
    private mutating func check<Value>(
        _ name: CheckName, facts: (PathChecks, Value?) -> String,
        _ body: (inout PathChecks) throws(ChainRefusal) -> Value
    ) throws(ChainRefusal) -> Value {
        do {
            let value = try body(&self)
            record(name, facts: { facts($0, value) })
            return value
        } catch {
            record(name, facts: { facts($0, nil) }, error)
            throw error
        }
    }

    private mutating func checkIsNotSelfSigned(_ leaf: ParsedCertificate) throws(ChainRefusal) {
        guard leaf.envelope.isSelfIssued else { return }
        try meter.signature()
        guard leaf.isSigned(by: leaf) else { return }
        throw refusal(.certificateSelfSigned, leaf, "is signed with its own key")
    }
}

extension ParsedCertificate {
    func isSigned(by issuer: ParsedCertificate) -> Bool {
        signature.isMade(by: issuer.certificate.publicKey)
    }
}
