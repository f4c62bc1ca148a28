import Crypto

/// A signed statement about the chain (Ed25519, RFC 8032). Whoever can write to the database and has not the key cannot
/// make one, so that a chain which was calculated anew does not fit those that are there.
package struct AuditCheckpoint: Sendable, Hashable {
    package enum Kind: String, Sendable, CaseIterable {
        /// The record of this number had this hash.
        case head
        /// The records up to this one were removed when their time was over; the chain begins behind it.
        case anchor
        /// The highest number that this gateway has seen; kept outside the database.
        case mark
    }

    package let kind: Kind
    package let head: AuditHead
    /// Seconds since 1970.
    package let time: Int64
    /// Which key has signed: `AuditKey.Public.id`.
    package let key: String
    package let signature: [UInt8]

    package init(kind: Kind, head: AuditHead, time: Int64, key: String, signature: [UInt8]) {
        self.kind = kind
        self.head = head
        self.time = time
        self.key = key
        self.signature = signature
    }

    /// In hexadecimal.
    package var signatureText: String {
        let digits = CanonicalWriter.digits
        return String(decoding: signature.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    static func statement(_ kind: Kind, _ head: AuditHead, _ time: Int64) -> [UInt8] {
        Array("sallyport audit checkpoint 1\n\(kind.rawValue)\n\(head.sequence)\n\(head.hash)\n\(time)\n".utf8)
    }
}

/// The key that checkpoints are signed with. A secret.
package struct AuditKey: Sendable {
    private let key: Curve25519.Signing.PrivateKey
    package let publicKey: Public

    /// A new one.
    package init() { self.init(Curve25519.Signing.PrivateKey()) }

    /// - Returns: nil when these are not the 32 bytes of a key.
    package init?(raw bytes: [UInt8]) {
        guard let key = Result(catching: { try Curve25519.Signing.PrivateKey(rawRepresentation: bytes) }).success
        else { return nil }
        self.init(key)
    }

    private init(_ key: Curve25519.Signing.PrivateKey) {
        self.key = key
        publicKey = Public(key.publicKey)
    }

    /// The secret itself, 32 bytes.
    package var raw: [UInt8] { Array(key.rawRepresentation) }

    /// - Returns: nil when the library cannot sign.
    package func sign(_ kind: AuditCheckpoint.Kind, _ head: AuditHead, at time: Int64) -> AuditCheckpoint? {
        let statement = AuditCheckpoint.statement(kind, head, time)
        guard let signature = Result(catching: { try key.signature(for: statement) }).success else { return nil }
        return AuditCheckpoint(kind: kind, head: head, time: time, key: publicKey.id, signature: Array(signature))
    }

    /// What checkpoints are checked with.
    package struct Public: Sendable {
        private let key: Curve25519.Signing.PublicKey
        /// The first 16 hexadecimal digits of the SHA-256 of the key's 32 bytes.
        package let id: String

        fileprivate init(_ key: Curve25519.Signing.PublicKey) {
            self.key = key
            let digits = CanonicalWriter.digits
            let hash = SHA256.hash(data: key.rawRepresentation).prefix(8)
            id = String(decoding: hash.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
        }

        package init?(raw bytes: [UInt8]) {
            guard let key = Result(catching: { try Curve25519.Signing.PublicKey(rawRepresentation: bytes) }).success
            else { return nil }
            self.init(key)
        }

        package var raw: [UInt8] { Array(key.rawRepresentation) }

        /// The key as SubjectPublicKeyInfo (RFC 8410), which `openssl pkeyutl -verify` reads.
        package var subjectPublicKeyInfo: [UInt8] { Self.prefix + raw }

        private static let prefix: [UInt8] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00]

        /// - Returns: nil when it is no SubjectPublicKeyInfo of an Ed25519 key.
        package init?(subjectPublicKeyInfo bytes: [UInt8]) {
            guard bytes.starts(with: Self.prefix) else { return nil }
            self.init(raw: Array(bytes.dropFirst(Self.prefix.count)))
        }

        package func hasSigned(_ checkpoint: AuditCheckpoint) -> Bool {
            guard checkpoint.key == id else { return false }
            let statement = AuditCheckpoint.statement(checkpoint.kind, checkpoint.head, checkpoint.time)
            return key.isValidSignature(checkpoint.signature, for: statement)
        }
    }
}

extension Result {
    fileprivate var success: Success? {
        if case .success(let value) = self { value } else { nil }
    }
}
