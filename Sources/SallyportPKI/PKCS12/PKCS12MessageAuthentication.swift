import Crypto

/// The integrity check of a PKCS #12 file: HMAC-SHA-256 under a key of RFC 7292 appendix B.2.
struct PKCS12MessageAuthentication {
    /// As many as the encryption has, or the check would be the cheaper way to guess the password.
    static let rounds = PasswordEncryption.rounds

    let salt: [UInt8]
    private let password: String

    init(password: String) {
        self.password = password
        salt = PasswordEncryption.randomBytes(16)
    }

    func macData(for content: [UInt8]) -> [UInt8] {
        let key = SymmetricKey(data: Self.key(password: password, salt: salt, rounds: Self.rounds))
        let digest = Array(HMAC<SHA256>.authenticationCode(for: content, using: key))
        let sha256 = DERWriter.sequence(
            DERWriter.element(DERTag.objectIdentifier, [96, 134, 72, 1, 101, 3, 4, 2, 1]), DERWriter.null)
        return DERWriter.sequence(
            DERWriter.sequence(sha256, DERWriter.octetString(digest)), DERWriter.octetString(salt),
            DERWriter.integer(Self.rounds))
    }

    /// RFC 7292 appendix B.2 with SHA-256 and diversifier 3. The key is as long as one hash, so one block is enough.
    static func key(password: String, salt: [UInt8], rounds: Int) -> [UInt8] {
        let blockSize = SHA256.blockByteCount
        let input =
            [UInt8](repeating: 3, count: blockSize) + filled(salt, blockSize)
            + filled(password.utf16BigEndian + [0, 0], blockSize)
        var hash = SHA256.hash(data: input)
        for _ in 1..<rounds {
            var next = SHA256()
            hash.withUnsafeBytes { next.update(bufferPointer: $0) }
            hash = next.finalize()
        }
        return Array(hash)
    }

    /// Copies of `bytes` up to the next multiple of the block size.
    private static func filled(_ bytes: [UInt8], _ blockSize: Int) -> [UInt8] {
        let length = (bytes.count + blockSize - 1) / blockSize * blockSize
        return (0..<length).map { bytes[$0 % bytes.count] }
    }
}
