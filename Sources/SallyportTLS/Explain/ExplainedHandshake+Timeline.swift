import SallyportModel
import SallyportPKI

extension ExplainedHandshake {
    /// - Parameter verdict: the text of the verdict tree, line by line; empty without one.
    package func timeline(verdict: [String] = []) -> Timeline {
        var steps = [accepted, hello, policy, certificate, chain, verified].compactMap(\.self)
        if let index = steps.lastIndex(where: { $0.name == "verification" }) { steps[index].verdict = verdict }
        steps.append(ended)
        return Timeline(steps: steps)
    }

    private var accepted: Timeline.Step {
        .init(
            "accepted", at: record.microseconds(of: .accepted), "connection accepted",
            [.init("listener", listener), .init("from", peer)])
    }

    private var hello: Timeline.Step? {
        guard let hello = record.hello else { return nil }
        let fingerprint = record.ja4.map { [Timeline.Fact("JA4", $0)] } ?? []
        return .init(
            "clientHello", at: record.microseconds(of: .hello), "ClientHello received", hello.facts + fingerprint)
    }

    private var policy: Timeline.Step? {
        guard let policy = record.policy, let time = record.microseconds(of: .policy) else { return nil }
        return .init(
            "policy", at: time, "policy chosen: \(policy.profile)",
            [
                .init("speaks", policy.versions.map { WireVersion(rawValue: $0).name }),
                .init("client", policy.clientWords),
            ])
    }

    private var certificate: Timeline.Step? {
        guard let shown = record.shown, let time = record.microseconds(of: .certificate) else { return nil }
        return .init("certificate", at: time, "server certificate chosen: \(shown.subject)", shown.facts)
    }

    private var chain: Timeline.Step? {
        guard let time = record.microseconds(of: .chain) else { return nil }
        let bytes = record.presented.reduce(0) { $0 + $1.count }
        let count = record.presented.count
        return .init(
            "clientCertificate", at: time, "client certificate received",
            [.init("chain", "\(count) \(count == 1 ? "certificate" : "certificates"), \(bytes) bytes")]
                + record.presented.prefix(Self.describedCertificates).enumerated().map { index, der in
                    Timeline.Fact("number \(index + 1)", Self.words(about: der))
                })
    }

    /// More certificates than this are not described one by one.
    private static let describedCertificates = 10

    private static func words(about der: [UInt8]) -> String {
        do throws(ChainRefusal) {
            let certificate = try ParsedCertificate(der: der)
            let subject = certificate.subject.isEmpty ? "(no subject)" : certificate.subject
            return "\(subject), issued by \(certificate.issuer), serial \(certificate.serial)"
        } catch {
            let subject = error.subject.map { "\($0), issued by \(error.issuer ?? "?"): " } ?? ""
            return "\(subject)cannot be used: \(error.detail)"
        }
    }

    private var verified: Timeline.Step? {
        guard let time = record.microseconds(of: .verified) else { return nil }
        let isRefused = refusal?.reason.isOfTheChain ?? false
        return .init(
            "verification", at: time, mark: isRefused ? .failed : .passed,
            isRefused ? "client certificate not accepted" : "client certificate accepted")
    }

    private var ended: Timeline.Step {
        let time = record.microseconds(of: .ended)
        switch outcome {
        case .refused(let refusal):
            return .init("refused", at: time, mark: .failed, "refused: \(headline)", facts(of: refusal))
        case .finished(let client):
            return .init("finished", at: time, mark: .passed, "handshake finished", finishedFacts(client: client))
        }
    }

    private func finishedFacts(client: String?) -> [Timeline.Fact] {
        var facts = [Timeline.Fact("agreed on", headline)]
        if let parameters = record.parameters {
            facts.append(.init("protocol", parameters.alpn ?? "none was offered"))
            facts.append(.init("session", parameters.resumed ? "resumed" : "new"))
        }
        return facts + [.init("client", client ?? "no certificate")]
    }

    private func facts(of refusal: HandshakeRefusal) -> [Timeline.Fact] {
        var facts = [Timeline.Fact("what", refusal.detail)]
        facts += HandshakeComparison(record).facts(for: refusal.reason)
        facts.append(.init("why", refusal.reason.explanation.description))
        if let alert = record.alertReceived { facts.append(.init("client said", AlertName.text(alert))) }
        if let alert = record.alertSent {
            facts.append(.init("client was told", "alert \(AlertName.text(alert)), nothing else"))
        }
        return facts + [.init("fix", refusal.fix)]
    }
}

extension Reason {
    /// Whether the verdict on the client's chain is what ended the handshake.
    package var isOfTheChain: Bool { (2200..<2250).contains(code) || self == .resumedIdentityNotValid }
}

extension HandshakePolicy {
    fileprivate var clientWords: String {
        let authorities = trusted.isEmpty ? "" : ", from \(trusted.prefix(8).joined(separator: " or "))"
        switch clientCertificates {
        case .require: return "certificate required\(authorities)"
        case .optional: return "certificate optional\(authorities)"
        case .none: return "no certificate asked for"
        }
    }
}

extension ShownCertificate {
    fileprivate var facts: [Timeline.Fact] {
        [
            .init("issued by", issuer), .init("names", names), .init("key", key),
            .init("valid", "\(CertificateTime.text(notBefore)) to \(CertificateTime.text(notAfter))"),
        ]
    }
}
