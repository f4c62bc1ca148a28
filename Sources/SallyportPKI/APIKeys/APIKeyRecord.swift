import Crypto
import FoundationEssentials

/// What is kept about an API key.
package struct APIKeyRecord: Sendable, Hashable, Codable {
    package var name: String
    /// The identity that may use it; nil for whoever has it.
    package var identity: String?
    /// Seconds since 1970.
    package var createdAt: Int64
    package var expiresAt: Int64?
    /// SHA-256 of the key in upper-case hexadecimal.
    var digest: String

    init(name: String, identity: String?, createdAt: Int64, expiresAt: Int64?, key: APIKey) {
        self.name = name
        self.identity = identity
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        digest = Hexadecimal.text(key.digest)
    }

    package func hasExpired(at now: Int64) -> Bool { expiresAt.map { $0 <= now } ?? false }
}

/// The keys that are good, for looking them up. Immutable; a change makes another table.
package struct APIKeyTable: Sendable {
    private let records: [String: APIKeyRecord]

    package init(_ records: [APIKeyRecord] = []) {
        self.records = Dictionary(records.map { ($0.digest, $0) }) { first, _ in first }
    }

    package var count: Int { records.count }

    /// In no order.
    package var all: [APIKeyRecord] { Array(records.values) }

    /// The record of a key, expired ones included. The look-up goes by a hash that a client cannot steer, and the
    /// comparison that decides takes the same time for every pair.
    package func record(of key: APIKey) -> APIKeyRecord? {
        let digest = Hexadecimal.text(key.digest)
        guard let record = records[digest], Self.isSame(Array(record.digest.utf8), Array(digest.utf8)) else {
            return nil
        }
        return record
    }

    /// Whether a record that was found earlier still stands, as it was.
    package func stillHas(_ record: APIKeyRecord) -> Bool { records[record.digest] == record }

    private static func isSame(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(0) { $0 | $1.0 ^ $1.1 } == 0
    }
}
