import Crypto
import SallyportModel
import SwiftASN1
import X509

/// A private key in memory. Its text form says the kind only, so that it can be interpolated without harm.
package struct PrivateKey: Sendable, CustomStringConvertible, CustomReflectable {
    let key: Certificate.PrivateKey
    /// PKCS #8, unencrypted. A secret.
    package let pkcs8DER: [UInt8]
    let kind: PublicKeyKind

    static let labels: Set<String> = [pkcs8Label, "EC PRIVATE KEY", rsaLabel, "ENCRYPTED PRIVATE KEY"]
    private static let pkcs8Label = "PRIVATE KEY"
    private static let rsaLabel = "RSA PRIVATE KEY"

    package var description: String { "private key \(kind)" }

    /// What it can sign a TLS handshake with, by IANA number (RFC 8446 section 4.2.3).
    package var signatureSchemes: [UInt16] {
        switch kind {
        case .p256: [0x0403]
        case .p384: [0x0503]
        case .p521: [0x0603]
        case .ed25519: [0x0807]
        case .rsa: [0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601]
        }
    }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
    /// PKCS #8 as PEM. A secret.
    package var pem: String { PEMBlock.encode([pkcs8DER], label: Self.pkcs8Label) }

    /// Whether the certificate is for this key.
    package func matches(_ certificate: ParsedCertificate) -> Bool {
        key.publicKey == certificate.certificate.publicKey
    }

    /// A fresh P-256 key.
    static func generate() throws(PKIError) -> PrivateKey {
        try PrivateKey(Certificate.PrivateKey(P256.Signing.PrivateKey()), source: "new key")
    }

    init(block: PEMBlock, source: String) throws(PKIError) {
        let place = "\(source):\(block.line)"
        guard block.label != "ENCRYPTED PRIVATE KEY" else {
            throw PKIError(.privateKeyUnusable, place, "the key is encrypted")
        }
        let key: Certificate.PrivateKey
        do {
            key = try Certificate.PrivateKey(
                pemDocument: PEMDocument(type: block.label, derBytes: block.der))
        } catch {
            throw PKIError(
                .privateKeyUnusable, place,
                "the key is damaged, below 2048 bits, or neither RSA, P-256, P-384, P-521 nor Ed25519")
        }
        try self.init(key, source: place)
    }

    private init(_ key: Certificate.PrivateKey, source: String) throws(PKIError) {
        do {
            let document = try key.serializeAsPEM()
            self.key = key
            pkcs8DER = document.discriminator == Self.rsaLabel ? Self.pkcs8(rsa: document.derBytes) : document.derBytes
            var serializer = DER.Serializer()
            try serializer.serialize(key.publicKey)
            guard let kind = try PublicKeyKind(publicKeyInfo: serializer.serializedBytes) else {
                throw PKIError(.privateKeyUnusable, source, "the key is of another kind or size than is allowed")
            }
            self.kind = kind
        } catch let error as PKIError {
            throw error
        } catch {
            throw PKIError(.privateKeyUnusable, source, "the key cannot be encoded as PKCS #8")
        }
    }

    /// PrivateKeyInfo of RFC 5208 around an RSAPrivateKey.
    private static func pkcs8(rsa key: [UInt8]) -> [UInt8] {
        let algorithm = DERWriter.sequence(
            DERWriter.element(DERTag.objectIdentifier, [42, 134, 72, 134, 247, 13, 1, 1, 1]), DERWriter.null)
        return DERWriter.sequence(DERWriter.integer(0), algorithm, DERWriter.octetString(key))
    }
}
