import SallyportModel
import X509

/// What `ca/` holds, read and found to fit together.
struct AuthorityContents: Sendable {
    let root: ParsedCertificate
    /// Roots before it, newest first; each has its line in `former`.
    let formerRoots: [ParsedCertificate]
    let intermediate: ParsedCertificate
    let intermediateKey: PrivateKey
    /// The root signed by the one before it, for peers that know only that one.
    let cross: [ParsedCertificate]
    let former: [FormerAuthority]

    /// Whether the intermediate ends soon.
    func needsIntermediate(at now: Int64) -> Bool { intermediate.notAfter - now < AuthorityFiles.intermediateRenewal }

    /// Former roots of which something may still be valid.
    func trustedFormerRoots(at now: Int64) -> [ParsedCertificate] {
        formerRoots.filter { root in
            former.contains { $0.kind == .root && $0.serial == root.serial && $0.state(at: now) == .overlap }
        }
    }

    /// What is sent behind a leaf: the intermediate, and the cross certificate while the root before is trusted.
    func issuingChain(at now: Int64) -> [ParsedCertificate] {
        let known = trustedFormerRoots(at: now)
        return [intermediate] + cross.filter { cross in known.contains { cross.isSigned(by: $0) } }
    }
}

extension AuthorityFiles {
    /// - Throws: authorityUnusable when anything is missing, damaged, or does not fit; stateDirectoryUnsafe for a key
    ///   that others may read.
    func load(at now: Int64) throws(PKIError) -> AuthorityContents {
        let contents = try loadWhateverTheTime()
        try check(contents.root, "root.pem", at: now)
        try check(contents.intermediate, "intermediate.pem", at: now)
        return contents
    }

    /// Also what has expired; a rotation is the way out of that.
    func loadWhateverTheTime() throws(PKIError) -> AuthorityContents {
        let roots = try certificates("root.pem")
        let chain = try certificates("intermediate.pem")
        let key = try key("intermediate.key")
        let former = try self.former()
        let (root, intermediate) = (roots[0], chain[0])
        guard key.matches(intermediate) else { throw unusable("intermediate.key", "it does not fit intermediate.pem") }
        guard intermediate.envelope.issuer == root.envelope.subject, intermediate.isSigned(by: root) else {
            throw unusable("intermediate.pem", "the root did not sign it")
        }
        let contents = AuthorityContents(
            root: root, formerRoots: Array(roots.dropFirst()), intermediate: intermediate, intermediateKey: key,
            cross: Array(chain.dropFirst()), former: former)
        try check(contents)
        return contents
    }

    private func check(_ certificate: ParsedCertificate, _ file: String, at now: Int64) throws(PKIError) {
        guard certificate.notBefore <= now, now <= certificate.notAfter else {
            throw unusable(
                file,
                "it is valid from \(CertificateTime.text(certificate.notBefore)) to "
                    + "\(CertificateTime.text(certificate.notAfter)) only; check the clock")
        }
    }

    /// A further certificate in a file is trusted only where a rotation put it.
    private func check(_ contents: AuthorityContents) throws(PKIError) {
        guard contents.root.isAuthority else { throw unusable("root.pem", "it is no authority") }
        guard contents.intermediate.isAuthority else { throw unusable("intermediate.pem", "it is no authority") }
        for root in contents.formerRoots {
            guard contents.former.contains(where: { $0.kind == .root && $0.serial == root.serial }) else {
                throw unusable("root.pem", "\(root.subject) in it was never the root here (former.json)")
            }
        }
        for cross in contents.cross {
            guard cross.envelope.subject == contents.root.envelope.subject,
                cross.envelope.publicKeyInfo == contents.root.envelope.publicKeyInfo,
                contents.formerRoots.contains(where: { cross.isSigned(by: $0) })
            else { throw unusable("intermediate.pem", "it holds more than the intermediate and its root's signature") }
        }
    }
}
