import SallyportModel
import X509

/// What `cert inspect` says about the chain in a file: who signed whom, and whether the whole is trusted here.
package enum ChainDescription {
    /// One line for each certificate and one for the verdict, no trailing newline.
    /// - Parameter anchors: what to check against; the built-in authority's, as a rule.
    package static func text(_ chain: [ParsedCertificate], anchors: [TrustAnchor], at now: Int64) -> String {
        var lines: [String] = []
        for (index, certificate) in chain.enumerated() {
            lines.append("\(index + 1). \(PrintableText.make(certificate.subject)): \(link(chain, index))")
        }
        return (lines + [verdict(chain, anchors: anchors, at: now)]).joined(separator: "\n")
    }

    private static func link(_ chain: [ParsedCertificate], _ index: Int) -> String {
        let certificate = chain[index]
        if certificate.envelope.isSelfIssued, certificate.isSigned(by: certificate) { return "signed by itself" }
        if let issuer = chain.firstIndex(where: {
            $0.envelope.subject == certificate.envelope.issuer && certificate.isSigned(by: $0)
        }) {
            return "signed by \(issuer + 1)"
        }
        return "signed by \(PrintableText.make(certificate.issuer)), which is not in the file"
    }

    private static func verdict(_ chain: [ParsedCertificate], anchors: [TrustAnchor], at now: Int64) -> String {
        guard let leaf = chain.first, !leaf.isAuthority else { return "An authority; nothing above it was checked." }
        guard let purpose = purpose(of: leaf) else { return "Not made for TLS clients or for servers with a name." }
        let verifier = ChainVerifier(anchors: anchors, purpose: purpose, maxDepth: 10)
        switch verifier.verify(chain: chain.map(\.der), at: now) {
        case .success(let verified): return "Trusted: \(PrintableText.make(verified.pathDescription, limit: 1024))"
        case .failure(let refusal):
            return
                "Refused: \(refusal.reason.name) \(refusal.reason.title): \(refusal.detail)\nFix: \(refusal.reason.fix)"
        }
    }

    /// Client if it may be one; else the server of its own first name.
    private static func purpose(of leaf: ParsedCertificate) -> Purpose? {
        if leaf.extensions.extendedKeyUsage?.contains(.clientAuth) == true { return .client }
        do {
            let facts = try CertificateReader.facts(leaf)
            let name = (facts.dnsNames.filter { !$0.hasPrefix("*") } + facts.addresses).first
            return name.flatMap(ServerName.init).map(Purpose.server)
        } catch {
            return .client
        }
    }
}
