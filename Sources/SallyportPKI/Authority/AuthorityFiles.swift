import SallyportModel
import X509

/// The four files in `ca/` that make the built-in authority: reading, checking and making them.
struct AuthorityFiles {
    /// Ten years. The root's key is used once every two years; its certificate is what people install.
    static let rootLifetime: Int64 = 3650 * 86_400
    /// Two years: long enough for leaves of a year, short enough that its renewal is no rare event.
    static let intermediateLifetime: Int64 = 730 * 86_400
    /// An intermediate with less than this left is replaced by the next `openOrCreate`.
    static let intermediateRenewal: Int64 = 180 * 86_400
    /// For clocks that are a little behind.
    static let backdating: Int64 = 300

    private static let privateMode: UInt16 = 0o600
    private static let publicMode: UInt16 = 0o644

    let state: StateDirectory

    /// Nothing was ever made here. A root that was lost after it issued something is never replaced silently.
    var isUntouched: Bool {
        !FileContents.exists(state.authorityFile("root.pem"))
            && !FileContents.exists(state.authorityFile("issued.jsonl"))
            && !FileContents.exists(state.authorityFile("intermediate.pem"))
    }

    func load(at now: Int64) throws(PKIError) -> LocalAuthority {
        let root = try certificate("root.pem")
        let intermediate = try certificate("intermediate.pem")
        let key = try self.key("intermediate.key")
        guard key.matches(intermediate) else { throw unusable("intermediate.key", "it does not fit intermediate.pem") }
        guard intermediate.envelope.issuer == root.envelope.subject, intermediate.isSigned(by: root) else {
            throw unusable("intermediate.pem", "the root did not sign it")
        }
        for (certificate, file) in [(root, "root.pem"), (intermediate, "intermediate.pem")] {
            guard certificate.isAuthority else { throw unusable(file, "it is no authority") }
            guard (certificate.notBefore...certificate.notAfter).contains(now) else {
                throw unusable(
                    file,
                    "it is valid from \(CertificateTime.text(certificate.notBefore)) to "
                        + "\(CertificateTime.text(certificate.notAfter)) only; check the clock")
            }
        }
        return LocalAuthority(state: state, root: root, intermediate: intermediate, intermediateKey: key)
    }

    /// Keys first: a crash in between leaves no certificate without its key.
    func makeRoot(at now: Int64) throws(PKIError) {
        let key = try PrivateKey.generate()
        let number = String(UInt16.random(in: 0x1000...0xffff), radix: 16, uppercase: true)
        let template = CertificateTemplate(
            commonName: "Sallyport Root \(number)", role: .root, publicKey: key.key.publicKey,
            notBefore: now - Self.backdating, notAfter: now + Self.rootLifetime)
        let der = try template.sign(with: key, issuer: nil)
        try StateDirectory.writeAtomically(
            Array(key.pem.utf8), to: state.authorityFile("root.key"), mode: Self.privateMode)
        try write(der, to: "root.pem")
    }

    func makeIntermediate(at now: Int64) throws(PKIError) {
        let root = try certificate("root.pem")
        let rootKey = try key("root.key")
        guard rootKey.matches(root) else { throw unusable("root.key", "it does not fit root.pem") }
        let key = try PrivateKey.generate()
        let number = String(UInt16.random(in: 0x1000...0xffff), radix: 16, uppercase: true)
        let template = CertificateTemplate(
            commonName: "Sallyport Intermediate \(number)", role: .intermediate, publicKey: key.key.publicKey,
            notBefore: max(now - Self.backdating, root.notBefore),
            notAfter: min(now + Self.intermediateLifetime, root.notAfter))
        let der = try template.sign(with: rootKey, issuer: root)
        try StateDirectory.writeAtomically(
            Array(key.pem.utf8), to: state.authorityFile("intermediate.key"), mode: Self.privateMode)
        try write(der, to: "intermediate.pem")
    }

    /// Whether there is no usable pair, or one that ends soon. A pair torn by a crash between its two files counts.
    func needsIntermediate(at now: Int64) throws(PKIError) -> Bool {
        let pem = state.authorityFile("intermediate.pem")
        let keyFile = state.authorityFile("intermediate.key")
        guard FileContents.exists(pem), FileContents.exists(keyFile) else { return true }
        let intermediate = try certificate("intermediate.pem")
        return try !key("intermediate.key").matches(intermediate)
            || intermediate.notAfter - now < Self.intermediateRenewal
    }

    private func write(_ der: [UInt8], to name: String) throws(PKIError) {
        let text = PEMBlock.encode([der], label: PEMBlock.certificate)
        try StateDirectory.writeAtomically(Array(text.utf8), to: state.authorityFile(name), mode: Self.publicMode)
    }

    private func certificate(_ name: String) throws(PKIError) -> ParsedCertificate {
        let certificates: [ParsedCertificate]
        do {
            certificates = try PEMFile.certificates(at: state.authorityFile(name))
        } catch {
            throw unusable(name, error.detail)
        }
        guard certificates.count == 1 else {
            throw unusable(name, "there are \(certificates.count) certificates in it")
        }
        return certificates[0]
    }

    private func key(_ name: String) throws(PKIError) -> PrivateKey {
        let path = state.authorityFile(name)
        guard FileContents.exists(path) else { throw unusable(name, "it is missing") }
        let text = try FileContents.read(path, limit: PEMFile.maximumBytes, isPrivate: true)
        return try PEMFile.privateKey(in: text, source: path)
    }

    private func unusable(_ name: String, _ detail: String) -> PKIError {
        PKIError(.authorityUnusable, state.authorityFile(name), detail)
    }
}
