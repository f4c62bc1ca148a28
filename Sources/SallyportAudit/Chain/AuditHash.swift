import Crypto

/// SHA-256 of a record and of all before it.
package struct AuditHash: Sendable, Hashable, CustomStringConvertible {
    package static let length = 32
    package let bytes: [UInt8]

    /// What the first record of all is chained to.
    package static let none = AuditHash(unchecked: [UInt8](repeating: 0, count: length))

    private init(unchecked bytes: [UInt8]) { self.bytes = bytes }

    /// - Returns: nil for another number of bytes.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.length else { return nil }
        self.bytes = bytes
    }

    /// - Returns: nil for anything but 64 hexadecimal digits in lower case.
    package init?(hexadecimal text: some StringProtocol) {
        let digits = text.utf8.compactMap { CanonicalWriter.digits.firstIndex(of: $0) }
        guard text.utf8.count == 2 * Self.length, digits.count == text.utf8.count else { return nil }
        bytes = stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    /// Of a record's canonical bytes behind the one before it. The prefix keeps it apart from every other use of
    /// SHA-256.
    package init(after previous: AuditHash, _ body: [UInt8]) {
        var hasher = SHA256()
        hasher.update(data: Array("sallyport audit record 1\n".utf8))
        hasher.update(data: previous.bytes)
        hasher.update(data: body)
        bytes = Array(hasher.finalize())
    }

    /// 64 hexadecimal digits in lower case.
    package var description: String {
        let digits = CanonicalWriter.digits
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

/// The newest record of a chain, or the place where it begins.
package struct AuditHead: Sendable, Hashable {
    /// 0: nothing was recorded yet.
    package var sequence: Int64
    package var hash: AuditHash

    package init(sequence: Int64, hash: AuditHash) {
        self.sequence = sequence
        self.hash = hash
    }

    /// Far more than there will ever be; a higher number was not written by a gateway.
    package static let mostRecords: Int64 = 1 << 60

    package static let empty = AuditHead(sequence: 0, hash: .none)

    /// `120:9f86d0…`, as people keep it elsewhere.
    package var text: String { "\(sequence):\(hash)" }

    package init?(text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let sequence = Int64(parts[0]), sequence >= 0,
            let hash = AuditHash(hexadecimal: parts[1])
        else { return nil }
        self.init(sequence: sequence, hash: hash)
    }
}

/// A record as it is stored: what it says, and how it hangs together with the one before.
package struct AuditLink: Sendable, Hashable {
    package var sequence: Int64
    package var previous: AuditHash
    /// Canonical bytes of an `AuditRecord`.
    package var body: [UInt8]
    package var hash: AuditHash

    package init(sequence: Int64, previous: AuditHash, body: [UInt8], hash: AuditHash) {
        self.sequence = sequence
        self.previous = previous
        self.body = body
        self.hash = hash
    }

    /// The next one behind `head`.
    package init(_ entry: AuditEntry, behind head: AuditHead) {
        let record = AuditRecord(sequence: head.sequence + 1, entry: entry)
        body = record.canonicalBytes
        sequence = record.sequence
        previous = head.hash
        hash = AuditHash(after: head.hash, body)
    }

    package var head: AuditHead { AuditHead(sequence: sequence, hash: hash) }
    package var record: AuditRecord? { AuditRecord(canonical: body) }
}
