import SallyportModel
import X509

/// A private key in memory. Its text form says the kind only, so that it can be interpolated without harm.
package struct PrivateKey: Sendable, CustomStringConvertible {
    let key: Certificate.PrivateKey

    package var description: String { "private key" }
    /// PKCS #8, unencrypted. A secret.
    package var pkcs8DER: [UInt8] { [] }
    /// PKCS #8 as PEM. A secret.
    package var pem: String { "" }

    /// Whether the certificate is for this key.
    package func matches(_ certificate: ParsedCertificate) -> Bool { false }
}
