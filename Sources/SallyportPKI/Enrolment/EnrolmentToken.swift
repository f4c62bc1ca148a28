import Crypto
import FoundationEssentials
import SallyportModel

/// What the holder of a token gets: one certificate with these names.
package struct EnrolmentGrant: Sendable, Codable, Hashable {
    package var kind: IssuedKind
    package var name: String
    /// Of a client: DNS names. Of a server: DNS names and IP addresses, at least one.
    package var names: [String]
    /// Of a client; nil means that of the built-in authority.
    package var uri: String?
    /// Of the certificate, seconds.
    package var lifetime: Int64
    /// Of the token, seconds since 1970.
    package var expiresAt: Int64

    package init(kind: IssuedKind, name: String, names: [String], uri: String?, lifetime: Int64, expiresAt: Int64) {
        self.kind = kind
        self.name = name
        self.names = names
        self.uri = uri
        self.lifetime = lifetime
        self.expiresAt = expiresAt
    }

    package func subject() throws(PKIError) -> LeafSubject {
        switch kind {
        case .client: try LeafSubject(client: name, uri: uri, dns: names)
        case .server: try LeafSubject(server: name, names: names)
        }
    }
}

/// Tokens that the operator made: `enrolment/HASH.json`, where HASH is the SHA-256 of the token. The token itself is
/// kept nowhere.
///
/// A token is claimed by removing its file, which succeeds once, whichever processes try. Blocks for disk.
package struct EnrolmentTokens: Sendable {
    private static let folder = "enrolment"
    private static let prefix = "sallyport-"
    private static let maximumBytes = 64 << 10
    private let state: StateDirectory
    private let most: Int

    /// - Parameter most: tokens that can be good at a time.
    package init(_ state: StateDirectory, most: Int = 10_000) {
        self.state = state
        self.most = most
    }

    /// A new token. A secret; it is to be shown once.
    package func make(_ grant: EnrolmentGrant, at now: Int64) throws(PKIError) -> String {
        _ = try grant.subject()
        try state.prepare()
        try state.makeFolders([Self.folder])
        try removeExpired(at: now)
        let token = Self.prefix + Base64URL.encode((0..<32).map { _ in UInt8.random(in: .min ... .max) })
        let path = file(of: token)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let bytes: [UInt8]
        do { bytes = Array(try encoder.encode(grant)) } catch {
            throw PKIError(.issuingStateUnusable, path, "the grant cannot be encoded")
        }
        try StateDirectory.writeAtomically(bytes, to: path, mode: 0o600)
        return token
    }

    /// What the token gives; nil when it is unknown, used or expired.
    package func grant(of token: String, at now: Int64) throws(PKIError) -> EnrolmentGrant? {
        guard Self.isToken(token) else { return nil }
        let path = file(of: token)
        guard FileContents.exists(path) else { return nil }
        let grant = try read(path)
        return grant.expiresAt > now ? grant : nil
    }

    /// Uses the token up.
    /// - Returns: false when somebody else has done so.
    package func claim(_ token: String) throws(PKIError) -> Bool {
        guard Self.isToken(token) else { return false }
        return try state.removeFile(file(of: token))
    }

    private func removeExpired(at now: Int64) throws(PKIError) {
        var left = 0
        for name in try state.files(in: Self.folder) where name.hasSuffix(".json") {
            let path = "\(state.path)/\(Self.folder)/\(name)"
            // Another process may have used it up in between.
            guard FileContents.exists(path) else { continue }
            if try read(path).expiresAt <= now {
                try state.removeFile(path)
            } else {
                left += 1
            }
        }
        guard left < most else {
            throw PKIError(.issuingStateUnusable, "\(state.path)/\(Self.folder)", "there are too many tokens")
        }
    }

    private func read(_ path: String) throws(PKIError) -> EnrolmentGrant {
        let bytes = try FileContents.read(path, limit: Self.maximumBytes, isPrivate: true)
        do { return try JSONDecoder().decode(EnrolmentGrant.self, from: Data(bytes)) } catch {
            throw PKIError(.issuingStateUnusable, path, "it is not what sallyport wrote")
        }
    }

    /// The hash is no less secret against guessing than the token: 256 random bits stand behind it.
    private func file(of token: String) -> String {
        let hash = Hexadecimal.text(SHA256.hash(data: Data(token.utf8)))
        return "\(state.path)/\(Self.folder)/\(hash).json"
    }

    private static func isToken(_ text: String) -> Bool {
        text.hasPrefix(prefix) && text.utf8.count == prefix.utf8.count + 43
    }
}
