import Crypto
import FoundationEssentials
import SwiftASN1
import X509

/// What tells that a name's server knows the key authorization of tls-alpn-01 (RFC 8737 section 3).
package enum ACMETLSChallenge {
    /// The protocol name to ask for.
    package static let applicationProtocol = "acme-tls/1"
    private static let identifier: ASN1ObjectIdentifier = [1, 3, 6, 1, 5, 5, 7, 1, 31]

    /// - Parameter der: the certificate that was shown, as it came.
    package static func check(_ der: [UInt8], name: String, keyAuthorization: String) -> ValidationFailure? {
        guard der.count <= 16 << 10 else { return ValidationFailure(.tls, "the certificate is too large") }
        let names: [AlternativeName]
        let proof: Certificate.Extension
        do {
            let extensions = try Certificate(derEncoded: der).extensions
            guard let alternative = extensions[oid: .X509ExtensionID.subjectAlternativeName],
                let found = extensions[oid: identifier]
            else { return ValidationFailure(.unauthorized, "the certificate lacks the name or the acmeIdentifier") }
            names = try AlternativeName.list(alternative.value)
            proof = found
        } catch {
            return ValidationFailure(.tls, "the certificate cannot be read")
        }
        guard names.count == 1, case .dns(let bytes) = names[0],
            DomainName.normalized(bytes, allowsWildcard: false) == name
        else { return ValidationFailure(.unauthorized, "the certificate is not for this name alone") }
        let expected = DERWriter.octetString(Array(SHA256.hash(data: Data(keyAuthorization.utf8))))
        guard proof.critical, proof.value.elementsEqual(expected) else {
            return ValidationFailure(.unauthorized, "the acmeIdentifier is not that of the challenge")
        }
        return nil
    }
}
