import FoundationEssentials
import SallyportModel

/// The API keys in the state directory: `keys/keys.json`, always written whole. Blocks for disk.
package struct APIKeyFile: Sendable {
    private static let maximumBytes = 32 << 20
    package static let maximumCount = 100_000

    private let state: StateDirectory
    package let path: String

    package init(_ state: StateDirectory) {
        self.state = state
        path = state.path + "/keys/keys.json"
    }

    /// Empty when there is no file. A file that is damaged anywhere is refused as a whole.
    package func records() throws(PKIError) -> [APIKeyRecord] {
        guard FileContents.exists(path) else { return [] }
        let contents = try FileContents.read(path, limit: Self.maximumBytes, isPrivate: true)
        let records: [APIKeyRecord]
        do { records = try JSONDecoder().decode([APIKeyRecord].self, from: Data(contents)) } catch {
            throw unusable("it is not a list of keys that sallyport wrote")
        }
        guard records.count <= Self.maximumCount else { throw unusable("it has more than \(Self.maximumCount) keys") }
        guard records.allSatisfy({ $0.digest.utf8.count == 64 }), Set(records.map(\.name)).count == records.count else {
            throw unusable("a key has no hash, or two have one name")
        }
        return records
    }

    /// Makes a key.
    /// - Throws: apiKeyNameTaken when a key of this name is there, expired ones included.
    package func create(
        name: CertificateName, identity: String?, expiresAt: Int64?, at now: Int64
    ) throws(PKIError) -> APIKey {
        let key = APIKey()
        try change { records throws(PKIError) in
            guard !records.contains(where: { $0.name == name.text }) else {
                throw PKIError(.apiKeyNameTaken, name.text, "there is a key of this name")
            }
            guard records.count < Self.maximumCount else { throw unusable("it is full: \(Self.maximumCount) keys") }
            records.append(
                APIKeyRecord(name: name.text, identity: identity, createdAt: now, expiresAt: expiresAt, key: key))
        }
        return key
    }

    /// - Throws: apiKeyMissing when there is none of this name.
    package func revoke(name: String) throws(PKIError) {
        try change { records throws(PKIError) in
            guard let index = records.firstIndex(where: { $0.name == name }) else {
                throw PKIError(.apiKeyMissing, PrintableText.make(name, limit: 80), "there is no key of this name")
            }
            records.remove(at: index)
        }
    }

    private func change(_ body: (inout [APIKeyRecord]) throws(PKIError) -> Void) throws(PKIError) {
        try state.prepare()
        try state.makeFolders(["keys"])
        try state.withAuthorityLock { () throws(PKIError) in
            var records = try self.records()
            try body(&records)
            try write(records)
        }
    }

    private func write(_ records: [APIKeyRecord]) throws(PKIError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let bytes: [UInt8]
        do { bytes = Array(try encoder.encode(records)) + [UInt8(ascii: "\n")] } catch {
            throw PKIError(.stateWriteFailed, path, "the keys cannot be encoded")
        }
        try StateDirectory.writeAtomically(bytes, to: path, mode: 0o600)
    }

    private func unusable(_ detail: String) -> PKIError { PKIError(.apiKeysUnusable, path, detail) }
}
