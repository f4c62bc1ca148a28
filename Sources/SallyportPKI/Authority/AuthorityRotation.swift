import SallyportModel
import X509

/// Replaces the intermediate, or the root and the intermediate, with overlap: what the former ones issued stays good
/// until it has expired, or until `finish`.
struct AuthorityRotation {
    let files: AuthorityFiles
    let now: Int64
    /// The root's key, when it is kept elsewhere than in `ca/root.key`.
    var rootKey: PrivateKey?
    /// For tests: what it throws ends the change at that place.
    var checkpoint: FileTransaction.Checkpoint = { _ throws(PKIError) in }

    func create() throws(PKIError) {
        let issuing = AuthorityIssuing(now: now)
        let root = try issuing.root()
        let intermediate = try issuing.intermediate(below: root)
        try files.replace(
            with: AuthorityFiles.Change(
                roots: [root.certificate], rootKey: root.key, chain: [intermediate.certificate],
                intermediateKey: intermediate.key), checkpoint)
    }

    func rotateIntermediate(of contents: AuthorityContents) throws(PKIError) {
        let key = try keyOfRoot(contents.root)
        guard contents.root.notAfter > now else {
            throw PKIError(
                .rotationImpossible, contents.root.subject, "it has expired; replace it: sallyport ca rotate root")
        }
        try checkOverlaps(contents)
        let fresh = try AuthorityIssuing(now: now).intermediate(
            below: AuthorityIssuing.Made(certificate: contents.root, key: key))
        let replaced = FormerAuthority(
            contents.intermediate, kind: .intermediate, root: contents.root, at: now, trustedUntil: try endOfIssued())
        try files.replace(
            with: AuthorityFiles.Change(
                chain: [fresh.certificate] + contents.cross, intermediateKey: fresh.key,
                former: remembered(contents) + [replaced]), checkpoint)
    }

    /// - Throws: rotationImpossible while the root before is still trusted: a chain leads over one bridge, not two.
    func rotateRoot(of contents: AuthorityContents) throws(PKIError) {
        guard contents.trustedFormerRoots(at: now).isEmpty else {
            throw PKIError(
                .rotationImpossible, contents.root.subject,
                "the root before it is still trusted; end that first: sallyport ca rotate --finish")
        }
        let key = try keyOfRoot(contents.root)
        if let length = contents.root.extensions.pathLength, length < 2 {
            throw PKIError(
                .rotationImpossible, contents.root.subject,
                "it allows \(length) intermediate below it (pathLenConstraint), and the way to a new root needs two")
        }
        let issuing = AuthorityIssuing(now: now)
        let root = try issuing.root()
        let intermediate = try issuing.intermediate(below: root)
        let old = AuthorityIssuing.Made(certificate: contents.root, key: key)
        let end = try endOfIssued()
        let replaced = [
            FormerAuthority(contents.root, kind: .root, root: contents.root, at: now, trustedUntil: end),
            FormerAuthority(
                contents.intermediate, kind: .intermediate, root: contents.root, at: now, trustedUntil: end),
        ]
        try files.replace(
            with: AuthorityFiles.Change(
                roots: [root.certificate, contents.root], rootKey: root.key,
                chain: [intermediate.certificate] + bridge(to: root.certificate, from: old),
                intermediateKey: intermediate.key, former: remembered(contents) + replaced), checkpoint)
    }

    /// Ends every overlap: former roots are no longer trusted, former intermediates of the root count as revoked.
    func finish(_ contents: AuthorityContents) throws(PKIError) {
        let withdrawn = remembered(contents).compactMap { former in
            guard former.kind == .intermediate, former.root == contents.root.serial else { return nil as FormerAuthority? }
            var former = former
            former.isWithdrawn = former.isWithdrawn || former.state(at: now) == .overlap
            return former
        }
        try files.replace(
            with: AuthorityFiles.Change(
                roots: [contents.root], chain: [contents.intermediate], former: withdrawn), checkpoint)
    }

    /// Takes roots out of the files that ended long ago.
    func tidy(_ contents: AuthorityContents) throws(PKIError) -> Bool {
        let former = remembered(contents)
        guard former != contents.former else { return false }
        let roots = contents.formerRoots.filter { root in
            former.contains { $0.kind == .root && $0.serial == root.serial }
        }
        let cross = contents.cross.filter { cross in roots.contains { cross.isSigned(by: $0) } }
        try files.replace(
            with: AuthorityFiles.Change(
                roots: [contents.root] + roots, chain: [contents.intermediate] + cross, former: former), checkpoint)
        return true
    }

    private func remembered(_ contents: AuthorityContents) -> [FormerAuthority] {
        contents.former.filter { !$0.canBeForgotten(at: now) }
    }

    /// None from a root that has expired: nobody could follow it.
    private func bridge(to root: ParsedCertificate, from old: AuthorityIssuing.Made) throws(PKIError)
        -> [ParsedCertificate]
    {
        guard old.certificate.notAfter > now else { return [] }
        return [try AuthorityIssuing(now: now).cross(root, signedBy: old)]
    }

    private func checkOverlaps(_ contents: AuthorityContents) throws(PKIError) {
        let count = contents.former.count { $0.state(at: now) == .overlap }
        guard count < [FormerAuthority].maximumOverlaps else {
            throw PKIError(
                .rotationImpossible, contents.intermediate.subject,
                "\(count) former authorities are still trusted; end them first: sallyport ca rotate --finish")
        }
    }

    /// When the last certificate that was issued so far expires.
    private func endOfIssued() throws(PKIError) -> Int64 {
        try IssuedRegistry(files.state).records().filter { $0.revokedAt == nil }.map(\.notAfter).max() ?? now
    }

    private func keyOfRoot(_ root: ParsedCertificate) throws(PKIError) -> PrivateKey {
        let path = files.state.authorityFile("root.key")
        guard rootKey != nil || FileContents.exists(path) else {
            throw PKIError(
                .rootKeyMissing, path, "the key of \(root.subject) is not here, and nothing can be signed without it")
        }
        let key = if let rootKey { rootKey } else { try files.key("root.key") }
        guard key.matches(root) else {
            throw PKIError(.authorityUnusable, rootKey == nil ? path : "--root-key", "it does not fit root.pem")
        }
        return key
    }
}
