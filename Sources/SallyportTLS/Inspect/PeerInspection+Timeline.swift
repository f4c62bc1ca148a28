import FoundationEssentials
import SallyportModel
import SallyportPKI

extension PeerInspection {
    /// - Parameter now: the time against which lifetimes are measured, seconds since 1970.
    package func timeline(at now: Int64) -> Timeline {
        let steps = [resolved, connected, hello, answer].compactMap(\.self) + certificates(at: now)
        return Timeline(steps: steps + [verification, request].compactMap(\.self) + [ending])
    }

    private var resolved: Timeline.Step? {
        guard let time = times[.resolved] else { return nil }
        return .init("resolved", at: time, "name resolved", [.init("addresses", addresses)])
    }

    private var connected: Timeline.Step? {
        guard let connectedTo, let time = times[.connected] else { return nil }
        return .init("connected", at: time, "connected to \(connectedTo)")
    }

    private var hello: Timeline.Step? {
        guard let offered, let time = times[.offered] else { return nil }
        return .init("offered", at: time, "ClientHello sent", offered.facts)
    }

    private var answer: Timeline.Step? {
        guard let time = times[.answered] else { return nil }
        guard let agreed else { return .init("answered", at: time, "the server answered") }
        var facts: [Timeline.Fact] = [
            .init("version", agreed.version.name),
            .init("cipher suite", agreed.cipherSuite), .init("group", agreed.group ?? "none"),
            .init("protocol", agreed.alpn ?? "none was chosen"),
        ]
        if let algorithm = agreed.peerSignatureAlgorithm { facts.append(.init("signed with", algorithm)) }
        if agreed.helloRetryRequest {
            facts.append(.init("retry", "it asked for another key share first (HelloRetryRequest)"))
        }
        facts.append(.init("OCSP staple", stapledBytes > 0 ? "\(stapledBytes) bytes" : "none"))
        return .init("answered", at: time, "the server answered", facts)
    }

    private func certificates(at now: Int64) -> [Timeline.Step] {
        guard let time = times[.chain] else { return [] }
        return chain.prefix(Self.describedCertificates).enumerated().map { index, der in
            let title = "certificate \(index + 1) of \(chain.count)"
            do throws(ChainRefusal) {
                let certificate = try ParsedCertificate(der: der)
                let rows = CertificateDescription(certificate).rows(at: now)
                return .init("certificate", at: time, title, rows.map { .init($0.label, $0.value) })
            } catch {
                return .init(
                    "certificate", at: time, mark: .failed, "\(title) cannot be used", [.init("what", error.detail)])
            }
        }
    }

    /// More certificates than this are not described one by one.
    private static let describedCertificates = 10

    private var verification: Timeline.Step? {
        guard let verdict, let time = times[.verified] else { return nil }
        var step: Timeline.Step
        switch verdict.result {
        case .success(let chain):
            step = .init("verified", at: time, mark: .passed, "trusted for \(name.text), by \(chain.authority)")
        case .failure(let refusal):
            step = .init(
                "verified", at: time, mark: .failed,
                "not trusted for \(name.text): \(refusal.reason.name) \(refusal.reason.title)",
                [.init("what", refusal.detail), .init("why", refusal.reason.explanation.description)])
        }
        step.verdict = verdict.tree.lines
        return step
    }

    private var request: Timeline.Step? {
        guard let requestedAuthorities else {
            guard agreed != nil else { return nil }
            return .init("clientCertificate", at: nil, "no client certificate asked for")
        }
        return .init(
            "clientCertificate", at: nil, "client certificate asked for",
            [
                .init("accepted from", requestedAuthorities.isEmpty ? ["any authority"] : requestedAuthorities),
                .init("presented", presented ?? "none"),
            ])
    }

    private var ending: Timeline.Step {
        let time = times[.ended]
        switch end {
        case .failed(let failure):
            var facts = [Timeline.Fact]()
            if !failure.why.isEmpty { facts.append(.init("why", failure.why)) }
            return .init("ended", at: time, mark: .failed, failure.what, facts + [.init("fix", failure.fix)])
        case .finished:
            guard case .failure(let refusal)? = verdict?.result else {
                return .init("ended", at: time, mark: .passed, "handshake finished")
            }
            return .init(
                "ended", at: time, mark: .failed, "handshake finished, but a client must not trust this server",
                [.init("fix", fix(for: refusal))])
        }
    }

    private func fix(for refusal: ChainRefusal) -> String {
        switch refusal.reason {
        case .certificateIssuerUnknown where chain.count == 1:
            "the server sends its own certificate only: have it send the intermediates behind it, or name the authority "
                + "that issued it with --ca FILE; over an upstream: pki.authorities and tls.trust"
        case .certificateIssuerUnknown, .certificateSelfSigned:
            "name the server's authority with --ca FILE; over an upstream: pki.authorities and tls.trust"
        case .certificateNameMismatch: "name one that the certificate bears with --servername NAME"
        default: refusal.reason.fix.description
        }
    }
}

// MARK: For people and scripts

extension PeerInspection {
    /// No trailing newline.
    package func text(at now: Int64) -> String {
        let verdict = isGood ? "good" : "not good"
        return "\(target)  as \(name.text)  \(verdict)\n\n" + timeline(at: now).picture
    }

    /// One JSON object, keys sorted.
    package func json(at now: Int64) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(InspectionDocument(self, at: now)), as: UTF8.self)
        } catch {
            return #"{"error": "not encodable"}"#
        }
    }
}

/// The JSON form of an inspection.
private struct InspectionDocument: Encodable {
    let target: String
    let name: String
    let good: Bool
    /// What ended the handshake, when it was not finished.
    let failure: String?
    /// The code of the verdict on the chain, when it is not trusted.
    let code: String?
    let steps: [Timeline.Step]
    let verification: VerdictTree?

    init(_ inspection: PeerInspection, at now: Int64) {
        target = inspection.target
        name = inspection.name.text
        good = inspection.isGood
        failure = if case .failed(let failure) = inspection.end { failure.what } else { nil }
        code = if case .failure(let refusal)? = inspection.verdict?.result { refusal.reason.name } else { nil }
        steps = inspection.timeline(at: now).steps
        verification = inspection.verdict?.tree
    }
}
