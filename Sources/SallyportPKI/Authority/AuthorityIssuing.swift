import SallyportModel
import X509

/// Fresh authorities: a root, an intermediate below it, and a root signed by the one before.
struct AuthorityIssuing {
    let now: Int64

    struct Made {
        let certificate: ParsedCertificate
        let key: PrivateKey
    }

    func root() throws(PKIError) -> Made {
        let key = try PrivateKey.generate()
        let template = CertificateTemplate(
            commonName: "Sallyport Root \(Self.number())", role: .root, publicKey: key.key.publicKey,
            notBefore: now - AuthorityFiles.backdating, notAfter: now + AuthorityFiles.rootLifetime)
        return Made(certificate: try Self.parsed(template.sign(with: key, issuer: nil)), key: key)
    }

    func intermediate(below root: Made) throws(PKIError) -> Made {
        let key = try PrivateKey.generate()
        let template = CertificateTemplate(
            commonName: "Sallyport Intermediate \(Self.number())", role: .intermediate, publicKey: key.key.publicKey,
            notBefore: max(now - AuthorityFiles.backdating, root.certificate.notBefore),
            notAfter: min(now + AuthorityFiles.intermediateLifetime, root.certificate.notAfter))
        let der = try template.sign(with: root.key, issuer: root.certificate)
        return Made(certificate: try Self.parsed(der), key: key)
    }

    /// The new root's name and key under the old root's signature: a peer that trusts only the old one finds its way.
    func cross(_ new: ParsedCertificate, signedBy old: Made) throws(PKIError) -> ParsedCertificate {
        let template = CertificateTemplate(
            subject: new.certificate.subject, role: .cross, publicKey: new.certificate.publicKey,
            notBefore: max(new.notBefore, old.certificate.notBefore),
            notAfter: min(new.notAfter, old.certificate.notAfter))
        return try Self.parsed(template.sign(with: old.key, issuer: old.certificate))
    }

    private static func number() -> String {
        String(UInt16.random(in: 0x1000...0xffff), radix: 16, uppercase: true)
    }

    private static func parsed(_ der: [UInt8]) throws(PKIError) -> ParsedCertificate {
        do {
            return try ParsedCertificate(der: der)
        } catch {
            throw PKIError(.authorityUnusable, "new authority", error.detail)
        }
    }
}
