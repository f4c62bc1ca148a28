import Crypto
import CryptoExtras
import X509

/// The signature on a certificate, over the bytes as they were presented (RFC 5280 section 4.1.1.3).
struct CertificateSignature: Sendable {
    let algorithm: SignatureAlgorithm
    private let signed: ArraySlice<UInt8>
    private let value: ArraySlice<UInt8>

    /// - Parameters:
    ///   - signed: the tbsCertificate, tag and length included.
    ///   - value: the signature's octets.
    init(algorithm: SignatureAlgorithm, signed: ArraySlice<UInt8>, value: ArraySlice<UInt8>) {
        self.algorithm = algorithm
        self.signed = signed
        self.value = value
    }

    /// Whether the key made it. False when the key is of another kind than the algorithm.
    func isMade(by key: Certificate.PublicKey) -> Bool {
        switch algorithm {
        case .ecdsa(.sha256): isMade(by: key, .ecdsaWithSHA256)
        case .ecdsa(.sha384): isMade(by: key, .ecdsaWithSHA384)
        case .ecdsa(.sha512): isMade(by: key, .ecdsaWithSHA512)
        case .rsa(.sha256): isMade(by: key, .sha256WithRSAEncryption)
        case .rsa(.sha384): isMade(by: key, .sha384WithRSAEncryption)
        case .rsa(.sha512): isMade(by: key, .sha512WithRSAEncryption)
        case .rsaPSS(let digest): isPSS(by: key, digest)
        case .ed25519: isMade(by: key, .ed25519)
        case .rsaWithSHA1: false
        }
    }

    private func isMade(by key: Certificate.PublicKey, _ algorithm: Certificate.SignatureAlgorithm) -> Bool {
        key.isValidSignature(value, for: signed, signatureAlgorithm: algorithm)
    }

    /// The salt must be as long as the digest; the library checks that.
    private func isPSS(by key: Certificate.PublicKey, _ digest: SignatureAlgorithm.Digest) -> Bool {
        guard let key = _RSA.Signing.PublicKey(key) else { return false }
        let signature = _RSA.Signing.RSASignature(rawRepresentation: value)
        return switch digest {
        case .sha256: key.isValidSignature(signature, for: SHA256.hash(data: signed), padding: .PSS)
        case .sha384: key.isValidSignature(signature, for: SHA384.hash(data: signed), padding: .PSS)
        case .sha512: key.isValidSignature(signature, for: SHA512.hash(data: signed), padding: .PSS)
        }
    }
}
