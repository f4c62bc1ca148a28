import SallyportModel

/// A certificate chain and the key of its leaf, proved to belong together.
package struct CredentialPair: Sendable {
    /// Leaf first.
    package let chain: [ParsedCertificate]
    package let key: PrivateKey
    /// What to tell the operator though it can be used: about to expire, out of order.
    package let warnings: [String]

    /// - Parameter source: the certificate file, for errors.
    /// - Throws: privateKeyMismatch; certificateFileUnusable for a leaf that has expired or is an authority.
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
        guard now <= leaf.notAfter else {
            throw PKIError(
                .certificateFileUnusable, source, "\(leaf.subject) expired at \(CertificateTime.text(leaf.notAfter))")
        }
        self.chain = chain
        self.key = key
        warnings = Self.warnings(chain, source: source, at: now)
    }

    private static func warnings(_ chain: [ParsedCertificate], source: String, at now: Int64) -> [String] {
        var warnings: [String] = []
        for (certificate, issuer) in zip(chain, chain.dropFirst())
        where certificate.envelope.issuer != issuer.envelope.subject {
            warnings.append(
                "\(source): \(issuer.subject) does not issue \(certificate.subject); send the chain in order")
        }
        for certificate in chain {
            if now < certificate.notBefore {
                let start = CertificateTime.text(certificate.notBefore)
                warnings.append("\(source): \(certificate.subject) is valid only from \(start)")
            }
            if certificate.lifeLeft(at: now) < 0.1 {
                warnings.append(
                    "\(source): \(certificate.subject) expires at \(CertificateTime.text(certificate.notAfter))")
            }
        }
        return warnings
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
