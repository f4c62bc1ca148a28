import SallyportModel

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The one directory where Sallyport keeps what it makes: authority, certificates, sockets.
///
/// ```
/// ca/root.pem  ca/root.key  ca/intermediate.pem  ca/intermediate.key  ca/former.json  ca/issued.jsonl  ca/lock
/// ca/crl.number  revocation/denied.json  revocation/HASH-OF-URL.crl
/// clients/NAME.pem|key|p12    servers/NAME.pem|key    admin.sock
/// acme/accounts/HASH.json  acme/certificates/NAME-HASH.pem  acme/orders/NAME-HASH.json  acme/failures.json
/// bans.json
/// ```
package struct StateDirectory: Sendable, Hashable {
    /// Absolute, without trailing slash.
    package let path: String

    /// - Parameter path: absolute.
    package init(path: String) {
        self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    /// `--state DIR`, else `$SALLYPORT_STATE`, else systemd's `$STATE_DIRECTORY`, else `~/.local/state/sallyport`.
    package static func locate(
        option: String?, environment: [String: String], workingDirectory: String
    ) throws(PKIError) -> StateDirectory {
        let service = environment["STATE_DIRECTORY"].map { String($0.prefix { $0 != ":" }) }
        let home = environment["HOME"].flatMap { $0.hasPrefix("/") ? $0 + "/.local/state/sallyport" : nil }
        guard let chosen = option ?? environment["SALLYPORT_STATE"] ?? service ?? home else {
            throw PKIError(.stateDirectoryUnsafe, "--state", "no state directory is named and HOME is not set")
        }
        guard !chosen.isEmpty, !chosen.utf8.contains(0) else {
            throw PKIError(.stateDirectoryUnsafe, "--state", "the name of the state directory is empty")
        }
        return StateDirectory(path: chosen.hasPrefix("/") ? chosen : workingDirectory + "/" + chosen)
    }

    package var adminSocket: String { path + "/admin.sock" }
    package var rootCertificate: String { authorityFile("root.pem") }
    package func certificate(of kind: IssuedKind, name: CertificateName) -> String { issuedFile(kind, name, "pem") }
    package func key(of kind: IssuedKind, name: CertificateName) -> String { issuedFile(kind, name, "key") }
    package func pkcs12(of kind: IssuedKind, name: CertificateName) -> String { issuedFile(kind, name, "p12") }

    var authorityFolder: String { path + "/ca" }
    func authorityFile(_ name: String) -> String { authorityFolder + "/" + name }
    func revocationFile(_ name: String) -> String { path + "/revocation/" + name }

    private func issuedFile(_ kind: IssuedKind, _ name: CertificateName, _ suffix: String) -> String {
        "\(path)/\(kind.folder)/\(name.text).\(suffix)"
    }

    /// Makes the directory and its folders (0700) where they are missing and refuses one that others could write to.
    package func prepare() throws(PKIError) {
        try makeWithParents()
        try Self.checkOwnership(path, followsLink: true)
        try checkParents()
        try makeFolders(["ca", "revocation"] + IssuedKind.allCases.map(\.folder))
    }

    /// Makes a folder of the directory (0700) where it is missing and refuses one that others could write to.
    package func makeFolder(_ folder: String) throws(PKIError) { try makeFolders([folder]) }

    /// Makes folders of the directory (0700) where they are missing and refuses one that others could write to.
    /// - Parameter folders: relative; a folder stands behind the one that it lies in.
    func makeFolders(_ folders: [String]) throws(PKIError) {
        for folder in folders {
            let folderPath = path + "/" + folder
            guard mkdir(folderPath, 0o700) == 0 || errno == EEXIST else { throw Self.failure(folderPath) }
            try Self.checkOwnership(folderPath, followsLink: false)
        }
    }

    private func makeWithParents() throws(PKIError) {
        for parent in ancestors + [path] {
            guard mkdir(parent, 0o700) == 0 || errno == EEXIST || errno == EISDIR || errno == EROFS
            else { throw Self.failure(parent) }
        }
    }

    /// Outermost first, root folder left out.
    private var ancestors: [String] {
        path.indices.filter { path[$0] == "/" && $0 != path.startIndex }.map { String(path[..<$0]) }
    }

    /// Who may rename a folder above the state directory can put another in its place: its owner, and, without the
    /// sticky bit, whoever may write to the folder that it stands in.
    private func checkParents() throws(PKIError) {
        for parent in ancestors {
            let status = try Self.status(parent, followsLink: true)
            guard status.st_uid == 0 || status.st_uid == geteuid() else {
                throw PKIError(.stateDirectoryUnsafe, path, "\(parent) above it belongs to user \(status.st_uid)")
            }
            guard status.st_mode & (S_IWGRP | S_IWOTH) == 0 || status.st_mode & S_ISVTX != 0 else {
                throw PKIError(.stateDirectoryUnsafe, path, "others may write to \(parent) above it")
            }
        }
    }

    private static func checkOwnership(_ path: String, followsLink: Bool) throws(PKIError) {
        let status = try status(path, followsLink: followsLink)
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw PKIError(.stateDirectoryUnsafe, path, "it is not a directory")
        }
        guard status.st_uid == geteuid() || geteuid() == 0 && status.st_uid == 0 else {
            throw PKIError(.stateDirectoryUnsafe, path, "it belongs to user \(status.st_uid), not to \(geteuid())")
        }
        guard status.st_mode & (S_IWGRP | S_IWOTH) == 0 else {
            throw PKIError(
                .stateDirectoryUnsafe, path, "others may write to it (mode \(String(status.st_mode & 0o777, radix: 8)))"
            )
        }
    }

    private static func status(_ path: String, followsLink: Bool) throws(PKIError) -> stat {
        var status = stat()
        guard (followsLink ? stat(path, &status) : lstat(path, &status)) == 0 else { throw failure(path) }
        return status
    }

    private static func failure(_ path: String) -> PKIError {
        PKIError(.stateDirectoryUnsafe, path, FileContents.systemError())
    }
}
