import SallyportModel

/// A certificate chain and the key of its leaf, proved to belong together.
package struct CredentialPair: Sendable {
    /// Leaf first, each followed by its issuer, as far as the file has them.
    package let chain: [ParsedCertificate]
    package let key: PrivateKey
    /// What to tell the operator though it can be used: about to expire, out of order.
    package let findings: [CertificateFinding]

    package var warnings: [String] { findings.map(\.text) }

    /// - Parameter source: the certificate file, for errors.
    /// - Throws: privateKeyMismatch; ownCertificateExpired; certificateFileUnusable for an intermediate that has expired.
    package init(chain: [ParsedCertificate], key: PrivateKey, source: String, at now: Int64) throws(PKIError) {
        guard let leaf = chain.first else {
            throw PKIError(.certificateFileEmpty, source, "there is no certificate")
        }
        guard key.matches(leaf) else {
            let place = chain.firstIndex { key.matches($0) }
            throw PKIError(
                .privateKeyMismatch, source,
                place.map { "the key belongs to certificate \($0 + 1), not to the first" }
                    ?? "the certificate has \(leaf.keyKind), the key is another one (\(key.kind))")
        }
        let order = ChainOrder(chain, source: source)
        for (index, certificate) in order.chain.enumerated() where now > certificate.notAfter {
            throw PKIError(
                index == 0 ? .ownCertificateExpired : .certificateFileUnusable, source,
                "\(certificate.subject) expired at \(CertificateTime.text(certificate.notAfter))")
        }
        self.chain = order.chain
        self.key = key
        findings = order.findings + Self.warnings(order.chain, source: source, at: now)
    }

    private static func warnings(_ chain: [ParsedCertificate], source: String, at now: Int64) -> [CertificateFinding] {
        var findings: [CertificateFinding] = []
        for certificate in chain {
            let subject = PrintableText.make(certificate.subject, limit: 256)
            if now < certificate.notBefore {
                let start = CertificateTime.text(certificate.notBefore)
                findings.append(
                    CertificateFinding(
                        reason: .ownCertificateNotYetValid, source: source, detail: "\(subject) is valid only from \(start)"))
            }
            if certificate.lifeLeft(at: now) < 0.1 {
                let end = CertificateTime.text(certificate.notAfter)
                findings.append(
                    CertificateFinding(
                        reason: .certificateExpiresSoon, source: source, detail: "\(subject) expires at \(end)"))
            }
        }
        return findings
    }
}

extension ParsedCertificate {
    /// Share of the certificate's life that is left, 0 to 1.
    func lifeLeft(at now: Int64) -> Double {
        let (life, overflow) = notAfter.subtractingReportingOverflow(notBefore)
        guard !overflow, life > 0 else { return 0 }
        return min(1, max(0, Double(notAfter - now) / Double(life)))
    }
}
