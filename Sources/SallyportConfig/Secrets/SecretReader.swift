/// Fetches the secret that a `SecretReference` names. What it returns is never logged and never part of an error.
package struct SecretReader: Sendable {
    let environment: [String: String]
    let files: any FileReading
    let credentialsDirectory: String?

    /// A secret is at most this long, bytes.
    package static let maximumSize = 64 << 10

    package init(
        environment: [String: String], reader files: any FileReading = SystemFiles(),
        credentialsDirectory: String? = nil
    ) {
        self.environment = environment
        self.files = files
        self.credentialsDirectory = credentialsDirectory
    }

    /// The secret's bytes; one trailing line end of a file or credential is left out.
    package func read(_ reference: SecretReference) throws(SecretError) -> [UInt8] {
        switch reference {
        case .environment(let name):
            guard let value = environment[name] else { throw .variableNotSet(name) }
            return try bounded(Array(value.utf8), what: "env:\(name)")
        case .file(let path):
            return try readFile(path, what: "file:\(path)")
        case .credential(let name):
            guard let credentialsDirectory else { throw .noCredentialsDirectory(name) }
            return try readFile(credentialsDirectory + "/" + name, what: "credential:\(name)")
        }
    }

    private func readFile(_ path: String, what: String) throws(SecretError) -> [UInt8] {
        let content: [UInt8]
        do throws(FileReadError) {
            content = try files.read(path, limit: Self.maximumSize)
        } catch {
            throw .unreadable(what, error)
        }
        return try bounded(withoutLineEnd(content), what: what)
    }

    private func bounded(_ bytes: [UInt8], what: String) throws(SecretError) -> [UInt8] {
        if bytes.isEmpty { throw .empty(what) }
        if bytes.count > Self.maximumSize { throw .unreadable(what, .tooLarge(limit: Self.maximumSize)) }
        return bytes
    }

    private func withoutLineEnd(_ bytes: [UInt8]) -> [UInt8] {
        if bytes.last != UInt8(ascii: "\n") { return bytes }
        let line = bytes.dropLast()
        return Array(line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
    }
}

/// Why a secret could not be fetched. Names the reference, never the secret.
package enum SecretError: Error, Hashable, Sendable {
    case variableNotSet(String)
    case noCredentialsDirectory(String)
    case empty(String)
    case unreadable(String, FileReadError)
    /// What it was for cannot use it.
    case unusable(String, String)

    package var words: String {
        switch self {
        case .variableNotSet(let name): "environment variable \(name) is not set"
        case .noCredentialsDirectory(let name):
            "credential:\(name) needs $CREDENTIALS_DIRECTORY, which systemd sets for LoadCredential="
        case .empty(let what): "\(what) is empty"
        case .unreadable(let what, let error): "\(what) \(error.words)"
        case .unusable(let what, let words): "\(what) \(words)"
        }
    }
}
