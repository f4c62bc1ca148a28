import Crypto
import FoundationEssentials
import SallyportModel
import SwiftASN1
import X509

/// The certificate that answers a tls-alpn-01 challenge (RFC 8737 §3).
package enum ChallengeCertificate {
    /// The ALPN protocol under which it is shown, and under which nothing else is.
    package static let applicationProtocol = "acme-tls/1"
    /// id-pe-acmeIdentifier.
    private static let acmeIdentifier: ASN1ObjectIdentifier = [1, 3, 6, 1, 5, 5, 7, 1, 31]
    /// Seconds; a challenge takes minutes.
    private static let lifetime: Int64 = 86_400

    /// Self-signed, for exactly the one name, with the digest of the key authorization in a critical extension.
    package static func make(for proof: ChallengeProof, at now: Int64) throws(PKIError) -> CredentialPair {
        let key = try PrivateKey.generate()
        let der: [UInt8]
        do {
            let digest = Array(SHA256.hash(data: Data(proof.keyAuthorization.utf8)))
            let extensions = try Certificate.Extensions {
                SubjectAlternativeNames([.dnsName(proof.name)])
                Certificate.Extension(
                    oid: acmeIdentifier, critical: true, value: DERWriter.octetString(digest)[...])
            }
            let subject = try DistinguishedName { CommonName("ACME challenge") }
            let certificate = try Certificate(
                version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key.key.publicKey,
                notValidBefore: Date(timeIntervalSince1970: Double(now - 3600)),
                notValidAfter: Date(timeIntervalSince1970: Double(now + lifetime)), issuer: subject, subject: subject,
                extensions: extensions, issuerPrivateKey: key.key)
            var serializer = DER.Serializer()
            try serializer.serialize(certificate)
            der = serializer.serializedBytes
        } catch {
            throw PKIError(.certificateNameInvalid, proof.name, "the challenge's certificate cannot be encoded")
        }
        let parsed: ParsedCertificate
        do throws(ChainRefusal) { parsed = try ParsedCertificate(der: der) } catch {
            throw PKIError(.certificateNameInvalid, proof.name, error.detail)
        }
        return try CredentialPair(chain: [parsed], key: key, source: "challenge of \(proof.name)", at: now)
    }
}
