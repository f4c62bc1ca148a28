import SallyportConfig
import SallyportModel
import SallyportPKI

/// What a listener speaks and asks for, as an explanation compares it with what a client offers.
///
/// Made once with its context, so that to note it for a connection is to keep a reference.
package final class HandshakePolicy: Sendable {
    /// As in the file: `modern`, `intermediate`.
    package let profile: String
    /// The most wanted first, by the numbers of the IANA registries.
    package let versions: [UInt16]
    package let cipherSuites: [UInt16]
    package let groups: [UInt16]
    package let signatureAlgorithms: [UInt16]
    package let applicationProtocols: [String]
    package let clientCertificates: ClientCertificates.Mode
    /// Subjects of the authorities that may vouch for clients.
    package let trusted: [String]
    /// DNS names that the gateway's certificates bear.
    package let names: [String]

    package init(
        profile: String, versions: [UInt16], cipherSuites: [UInt16], groups: [UInt16], signatureAlgorithms: [UInt16],
        applicationProtocols: [String], clientCertificates: ClientCertificates.Mode, trusted: [String], names: [String]
    ) {
        self.profile = profile
        self.versions = versions
        self.cipherSuites = cipherSuites
        self.groups = groups
        self.signatureAlgorithms = signatureAlgorithms
        self.applicationProtocols = applicationProtocols
        self.clientCertificates = clientCertificates
        self.trusted = trusted
        self.names = names
    }
}

/// The certificate of the gateway's that a client is shown.
package final class ShownCertificate: Sendable {
    /// RFC 4514 text, escaped.
    package let subject: String
    package let issuer: String
    package let names: [String]
    /// `ECDSA P-256`
    package let key: String
    /// Seconds since 1970.
    package let notBefore: Int64
    package let notAfter: Int64

    package init(
        subject: String, issuer: String, names: [String], key: String, notBefore: Int64, notAfter: Int64
    ) {
        self.subject = subject
        self.issuer = issuer
        self.names = names
        self.key = key
        self.notBefore = notBefore
        self.notAfter = notAfter
    }

    /// - Parameter names: the DNS names and addresses it bears.
    package convenience init(_ certificate: ParsedCertificate, names: [String]) {
        self.init(
            subject: certificate.subject, issuer: certificate.issuer, names: names, key: certificate.keyName,
            notBefore: certificate.notBefore, notAfter: certificate.notAfter)
    }
}
