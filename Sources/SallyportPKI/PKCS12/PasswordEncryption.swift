import Crypto
import CryptoExtras
import FoundationEssentials
import SallyportModel

/// PBES2 with PBKDF2-HMAC-SHA-256 and AES-256-CBC (RFC 8018 section 6.2).
enum PasswordEncryption {
    struct Output {
        /// AlgorithmIdentifier with salt, rounds and initialization vector.
        let algorithm: [UInt8]
        let ciphertext: [UInt8]
    }
    /// A tenth of a second on a desktop; every reader takes the number from the file.
    static let rounds = 210_000

    static func encrypt(_ plaintext: [UInt8], _ password: String) throws(PKIError) -> Output {
        let salt = randomBytes(16)
        let vector = randomBytes(16)
        do {
            let key = try KDF.Insecure.PBKDF2.deriveKey(
                from: Array(password.utf8), salt: salt, using: .sha256, outputByteCount: 32, rounds: rounds)
            let ciphertext = try AES._CBC.encrypt(plaintext, using: key, iv: AES._CBC.IV(ivBytes: vector))
            return Output(algorithm: algorithm(salt: salt, vector: vector), ciphertext: Array(ciphertext))
        } catch {
            throw PKIError(.stateWriteFailed, "PKCS #12", "encryption failed")
        }
    }

    static func randomBytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: .min ... .max) } }

    private static func algorithm(salt: [UInt8], vector: [UInt8]) -> [UInt8] {
        let hmacSHA256 = DERWriter.sequence(object([42, 134, 72, 134, 247, 13, 2, 9]), DERWriter.null)
        let derivation = DERWriter.sequence(
            object([42, 134, 72, 134, 247, 13, 1, 5, 12]),
            DERWriter.sequence(DERWriter.octetString(salt), DERWriter.integer(rounds), hmacSHA256))
        let cipher = DERWriter.sequence(object([96, 134, 72, 1, 101, 3, 4, 1, 42]), DERWriter.octetString(vector))
        return DERWriter.sequence(
            object([42, 134, 72, 134, 247, 13, 1, 5, 13]), DERWriter.sequence(derivation, cipher))
    }

    private static func object(_ identifier: [UInt8]) -> [UInt8] {
        DERWriter.element(DERTag.objectIdentifier, identifier)
    }
}
