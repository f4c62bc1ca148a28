import SwiftASN1
import X509

/// The names, key and extensions of a certificate as swift-certificates decodes them.
///
/// The library's own type for a whole certificate is not used: it cannot hold RSA-PSS signatures.
struct CertificateContents: Sendable {
    let issuer: DistinguishedName
    let subject: DistinguishedName
    let publicKey: Certificate.PublicKey
    let extensions: Certificate.Extensions

    /// - Throws: for whatever cannot be decoded, and for extensions that stand twice or are too many.
    init(_ envelope: CertificateEnvelope) throws {
        issuer = try DistinguishedName(derEncoded: DER.parse(envelope.issuer))
        subject = try DistinguishedName(derEncoded: DER.parse(envelope.subject))
        publicKey = try Self.publicKey(envelope.publicKeyInfo)
        let list = try envelope.extensions.map { encoded in
            try DER.sequence(of: Certificate.Extension.self, identifier: .sequence, rootNode: DER.parse(encoded))
        }
        extensions = try Certificate.Extensions(list ?? [])
    }

    /// The library's words hold a number from BoringSSL's queue of errors, which depends on what failed before. They are
    /// not repeated: the same certificate gets the same answer.
    private static func publicKey(_ info: [UInt8]) throws(ChainRefusal) -> Certificate.PublicKey {
        do { return try Certificate.PublicKey(derEncoded: info) } catch {
            throw ChainRefusal(.certificateMalformed, "the public key is damaged")
        }
    }
}
