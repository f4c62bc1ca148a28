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
        publicKey = try Certificate.PublicKey(derEncoded: envelope.publicKeyInfo)
        let list = try envelope.extensions.map { encoded in
            try DER.sequence(of: Certificate.Extension.self, identifier: .sequence, rootNode: DER.parse(encoded))
        }
        extensions = try Certificate.Extensions(list ?? [])
    }
}
