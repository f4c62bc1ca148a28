import SallyportModel
import SwiftASN1
import X509

/// The request for a certificate that finalizes an order (RFC 2986, RFC 8555 §7.4).
enum OrderRequest {
    /// DER. The names stand in subjectAltName only; the subject is empty.
    static func make(names: [String], key: PrivateKey) throws(PKIError) -> [UInt8] {
        do {
            let extensions = try Certificate.Extensions {
                SubjectAlternativeNames(names.map { .dnsName($0) })
            }
            let request = try CertificateSigningRequest(
                version: .v1, subject: DistinguishedName(), privateKey: key.key,
                attributes: .init([.init(ExtensionRequest(extensions: extensions))]))
            var serializer = DER.Serializer()
            try serializer.serialize(request)
            return serializer.serializedBytes
        } catch {
            throw PKIError(.certificateNameInvalid, names.first ?? "", "the certificate request cannot be encoded")
        }
    }
}
