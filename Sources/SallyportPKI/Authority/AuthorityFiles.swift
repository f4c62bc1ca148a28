import SallyportModel
import X509

/// The files in `ca/` that make the built-in authority: their names, how they are read, how they are replaced.
///
/// `root.pem` holds the root, and behind it the root before while that is trusted: what clients need to trust us.
/// `intermediate.pem` holds what is sent behind a leaf. Call everything here with the authority's lock held.
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
        ["root.pem", "issued.jsonl", "intermediate.pem", "former.json"].allSatisfy { name in
            !FileContents.exists(state.authorityFile(name))
        }
    }

    /// What is to stand in the files from now on; nil leaves a file as it is.
    struct Change {
        var roots: [ParsedCertificate]?
        var rootKey: PrivateKey?
        var chain: [ParsedCertificate]?
        var intermediateKey: PrivateKey?
        var former: [FormerAuthority]?
    }

    /// All of it or nothing, whenever it is interrupted.
    func replace(
        with change: Change, _ checkpoint: FileTransaction.Checkpoint = { _ throws(PKIError) in }
    ) throws(PKIError) {
        var files: [FileTransaction.File] = []
        if let key = change.rootKey { files.append(Self.file("root.key", key)) }
        if let key = change.intermediateKey { files.append(Self.file("intermediate.key", key)) }
        if let roots = change.roots { files.append(Self.file("root.pem", roots)) }
        if let chain = change.chain { files.append(Self.file("intermediate.pem", chain)) }
        if let former = change.former {
            let json = try former.json(source: state.authorityFile("former.json"))
            files.append(FileTransaction.File(name: "former.json", bytes: json, mode: Self.privateMode))
        }
        try FileTransaction(folder: state.authorityFolder, files: files).run(checkpoint)
    }

    private static func file(_ name: String, _ key: PrivateKey) -> FileTransaction.File {
        FileTransaction.File(name: name, bytes: Array(key.pem.utf8), mode: privateMode)
    }

    private static func file(_ name: String, _ certificates: [ParsedCertificate]) -> FileTransaction.File {
        let text = PEMBlock.encode(certificates.map(\.der), label: PEMBlock.certificate)
        return FileTransaction.File(name: name, bytes: Array(text.utf8), mode: publicMode)
    }

    /// At least one.
    func certificates(_ name: String) throws(PKIError) -> [ParsedCertificate] {
        do {
            return try PEMFile.certificates(at: state.authorityFile(name))
        } catch {
            throw unusable(name, error.detail)
        }
    }

    func key(_ name: String) throws(PKIError) -> PrivateKey {
        let path = state.authorityFile(name)
        guard FileContents.exists(path) else { throw unusable(name, "it is missing") }
        let text = try FileContents.read(path, limit: PEMFile.maximumBytes, isPrivate: true)
        return try PEMFile.privateKey(in: text, source: path)
    }

    func former() throws(PKIError) -> [FormerAuthority] {
        let path = state.authorityFile("former.json")
        guard FileContents.exists(path) else { return [] }
        return try [FormerAuthority](json: FileContents.read(path, limit: PEMFile.maximumBytes), source: path)
    }

    func unusable(_ name: String, _ detail: String) -> PKIError {
        PKIError(.authorityUnusable, state.authorityFile(name), detail)
    }
}
