/// Who is at the other end, as proved in the TLS handshake. The subject of every decision.
///
/// Only a certificate that passed verification becomes one, so holding an `Identity` means that it was checked.
/// It may carry no name at all: a certificate that a trusted authority issued but that no rule names is known, and
/// allowed nothing.
package final class Identity: Sendable {
    /// The names of `identities` that the certificate satisfies, in the order of the file, or the client's name in
    /// the built-in authority. These are what `allow` speaks of.
    package let names: [String]
    package let certificate: CertificateFacts
    /// The name in `pki.authorities` of the authority the chain ended in.
    package let authority: String
    /// The chain above the leaf as presented and verified, DER, leaf's issuer first, trust anchor left out.
    package let intermediates: [[UInt8]]
    /// Whose certificate it is, told apart from everybody else's: authority and subject, or serial number where there is
    /// no subject. A name of `identities` may hold for many. Whoever gets a new certificate stays the same client.
    package let client: String

    package init(names: [String], certificate: CertificateFacts, authority: String, intermediates: [[UInt8]] = []) {
        self.names = names
        self.certificate = certificate
        self.authority = authority
        self.intermediates = intermediates
        client =
            "certificate \(authority) " + (certificate.subject.isEmpty ? "serial \(certificate.serial)" : certificate.subject)
    }

    /// One name for logs: the first of `names`, else the certificate's subject.
    package var displayName: String { names.first ?? certificate.subject }
}
