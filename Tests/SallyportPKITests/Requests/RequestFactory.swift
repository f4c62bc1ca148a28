import Crypto
import SwiftASN1
import X509

/// Certificate requests for tests, good and bad.
struct RequestFactory {
    var key = Certificate.PrivateKey(P256.Signing.PrivateKey())
    var commonName: String?
    var names: [GeneralName] = []
    var extensions = Certificate.Extensions()

    func der() throws -> [UInt8] {
        var all = extensions
        if !names.isEmpty { try all.append(Certificate.Extension(SubjectAlternativeNames(names), critical: false)) }
        let subject = try commonName.map { name in try DistinguishedName { CommonName(name) } } ?? DistinguishedName()
        let attributes = try CertificateSigningRequest.Attributes(
            all.isEmpty ? [] : [.init(ExtensionRequest(extensions: all))])
        let request = try CertificateSigningRequest(
            version: .v1, subject: subject, privateKey: key, attributes: attributes)
        var serializer = DER.Serializer()
        try serializer.serialize(request)
        return serializer.serializedBytes
    }
}
