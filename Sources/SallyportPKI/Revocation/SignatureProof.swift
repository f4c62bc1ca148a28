import Crypto
import CryptoExtras
import FoundationEssentials

/// The signature on a revocation list or a status response, without what was signed: its digest is enough to check it
/// later, when the key is known, at a cost that does not depend on the size.
struct SignatureProof: Sendable {
    private enum Signed: Sendable {
        case sha256(SHA256Digest)
        case sha384(SHA384Digest)
        case sha512(SHA512Digest)
        /// Ed25519 signs the message itself.
        case message([UInt8])
    }

    private let signed: Signed
    private let isRSA: Bool
    private let signature: [UInt8]

    /// - Parameters:
    ///   - algorithm: AlgorithmIdentifier, tag and length included.
    ///   - signature: content of the BIT STRING.
    /// - Returns: nil for every algorithm that certificates may not use either, and for a signature with spare bits.
    init?(algorithm: ArraySlice<UInt8>, signed content: ArraySlice<UInt8>, signature: ArraySlice<UInt8>) {
        guard signature.first == 0, signature.count > 1, let known = Self.algorithms[Array(algorithm)] else { return nil }
        isRSA = known.isRSA
        self.signature = Array(signature.dropFirst())
        signed =
            switch known.digest {
            case .sha256: .sha256(SHA256.hash(data: content))
            case .sha384: .sha384(SHA384.hash(data: content))
            case .sha512: .sha512(SHA512.hash(data: content))
            case .none: .message(Array(content))
            }
    }

    /// Whether the key made it.
    /// - Parameter publicKeyInfo: SubjectPublicKeyInfo.
    func isMade(by publicKeyInfo: [UInt8]) -> Bool {
        do {
            guard let kind = try PublicKeyKind(publicKeyInfo: publicKeyInfo) else { return false }
            return try isMade(by: publicKeyInfo, kind)
        } catch {
            return false
        }
    }

    private func isMade(by publicKeyInfo: [UInt8], _ kind: PublicKeyKind) throws -> Bool {
        switch kind {
        case .p256 where !isRSA:
            let key = try P256.Signing.PublicKey(derRepresentation: publicKeyInfo)
            return try isValid(P256.Signing.ECDSASignature(derRepresentation: signature)) { signature, digest in
                key.isValidSignature(signature, for: digest)
            }
        case .p384 where !isRSA:
            let key = try P384.Signing.PublicKey(derRepresentation: publicKeyInfo)
            return try isValid(P384.Signing.ECDSASignature(derRepresentation: signature)) { signature, digest in
                key.isValidSignature(signature, for: digest)
            }
        case .p521 where !isRSA:
            let key = try P521.Signing.PublicKey(derRepresentation: publicKeyInfo)
            return try isValid(P521.Signing.ECDSASignature(derRepresentation: signature)) { signature, digest in
                key.isValidSignature(signature, for: digest)
            }
        case .rsa where isRSA:
            let key = try _RSA.Signing.PublicKey(derRepresentation: publicKeyInfo)
            return isValid(_RSA.Signing.RSASignature(rawRepresentation: signature)) { signature, digest in
                key.isValidSignature(signature, for: digest, padding: .insecurePKCS1v1_5)
            }
        case .ed25519:
            guard case .message(let message) = signed else { return false }
            let key = try Curve25519.Signing.PublicKey(rawRepresentation: publicKeyInfo.suffix(32))
            return key.isValidSignature(signature, for: message)
        default:
            return false
        }
    }

    private func isValid<Signature>(_ signature: Signature, _ check: (Signature, any Digest) -> Bool) -> Bool {
        switch signed {
        case .sha256(let digest): check(signature, digest)
        case .sha384(let digest): check(signature, digest)
        case .sha512(let digest): check(signature, digest)
        case .message: false
        }
    }

    private enum DigestKind { case sha256, sha384, sha512, none }

    private static let algorithms: [[UInt8]: (digest: DigestKind, isRSA: Bool)] = {
        var algorithms: [[UInt8]: (DigestKind, Bool)] = [[0x30, 5, 6, 3, 43, 101, 112]: (.none, false)]
        let ecdsa: [UInt8] = [42, 134, 72, 206, 61, 4, 3]
        for (last, digest) in [(2, DigestKind.sha256), (3, .sha384), (4, .sha512)] as [(UInt8, DigestKind)] {
            algorithms[DERWriter.sequence(DERWriter.element(DERTag.objectIdentifier, ecdsa + [last]))] = (digest, false)
        }
        let rsa: [UInt8] = [42, 134, 72, 134, 247, 13, 1, 1]
        for (last, digest) in [(11, DigestKind.sha256), (12, .sha384), (13, .sha512)] as [(UInt8, DigestKind)] {
            let name = DERWriter.element(DERTag.objectIdentifier, rsa + [last])
            algorithms[DERWriter.sequence(name, DERWriter.null)] = (digest, true)
            // RFC 4055 section 5: to be accepted without parameters as well.
            algorithms[DERWriter.sequence(name)] = (digest, true)
        }
        return algorithms
    }()
}
