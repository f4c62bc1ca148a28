import Crypto

/// SHA-256 of a SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7): the same for every certificate of one key.
package enum KeyFingerprint {
    /// 32 bytes; nil when the certificate cannot be read.
    package static func sha256(certificate der: [UInt8]) -> [UInt8]? {
        do throws(DERFailure) {
            return Array(SHA256.hash(data: try CertificateEnvelope(der: der).publicKeyInfo))
        } catch {
            return nil
        }
    }
}

extension ParsedCertificate {
    /// SHA-256 of the whole certificate, as `cnf` of a token names it (RFC 8705 section 3.1).
    package var fingerprint: [UInt8] { Array(SHA256.hash(data: der)) }
}
