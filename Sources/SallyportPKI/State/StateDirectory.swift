import SallyportModel

/// The one directory where Sallyport keeps what it makes: authority, certificates, sockets.
///
/// ```
/// ca/root.pem  ca/root.key  ca/intermediate.pem  ca/intermediate.key  ca/issued.jsonl
/// clients/NAME.pem|key|p12    servers/NAME.pem|key    admin.sock
/// ```
package struct StateDirectory: Sendable, Hashable {
    /// Absolute, without trailing slash.
    package let path: String

    package init(path: String) { self.path = path }

    /// `--state DIR`, else `$SALLYPORT_STATE`, else systemd's `$STATE_DIRECTORY`, else `~/.local/state/sallyport`.
    package static func locate(
        option: String?, environment: [String: String], workingDirectory: String
    ) throws(PKIError) -> StateDirectory {
        throw PKIError(.stateDirectoryUnsafe, option ?? "", "not implemented")
    }

    /// Makes the directory and its folders (0700) where they are missing and refuses one that others could write to.
    package func prepare() throws(PKIError) {
        throw PKIError(.stateDirectoryUnsafe, path, "not implemented")
    }

    package var adminSocket: String { path + "/admin.sock" }
    package var rootCertificate: String { path + "/ca/root.pem" }
    package func certificate(of kind: IssuedKind, name: CertificateName) -> String { "\(path)/\(kind.folder)/\(name.text).pem" }
    package func key(of kind: IssuedKind, name: CertificateName) -> String { "\(path)/\(kind.folder)/\(name.text).key" }
    package func pkcs12(of kind: IssuedKind, name: CertificateName) -> String { "\(path)/\(kind.folder)/\(name.text).p12" }

    /// Writes a file so that a reader sees the old content or the new, never a part, and nobody else can read it
    /// in between: a new file beside it with its final mode, synced, renamed over, folder synced.
    package static func writeAtomically(_ bytes: [UInt8], to path: String, mode: UInt16) throws(PKIError) {
        throw PKIError(.stateWriteFailed, path, "not implemented")
    }
}
