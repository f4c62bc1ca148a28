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
    /// What the keys of these certificates are, such as `ECDSA P-256`.
    package let keys: [String]

    package init(
        profile: String, versions: [UInt16], cipherSuites: [UInt16], groups: [UInt16], signatureAlgorithms: [UInt16],
        applicationProtocols: [String], clientCertificates: ClientCertificates.Mode, trusted: [String], names: [String],
        keys: [String]
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
        self.keys = keys
    }
}

extension HandshakePolicy {
    /// - Parameters:
    ///   - certificates: that may be shown.
    ///   - clients: nil where client certificates are not asked for.
    convenience init(
        _ profile: TLSProfile, _ settings: TLSSettings, certificates: [ShownCertificate], clients: ClientTrust?
    ) {
        self.init(
            profile: profile.base.rawValue, versions: settings.minimum == .tls13 ? [0x0304] : [0x0304, 0x0303],
            cipherSuites: settings.cipherSuiteNumbers, groups: settings.groups,
            signatureAlgorithms: settings.signatureAlgorithms, applicationProtocols: settings.protocols,
            clientCertificates: profile.clientCertificates.mode,
            trusted: clients?.anchors.map { PrintableText.make($0.certificate.subject) } ?? [],
            names: certificates.flatMap(\.names), keys: certificates.map(\.key))
    }
}

extension TLSSettings {
    /// By IANA number, most wanted first.
    fileprivate var cipherSuiteNumbers: [UInt16] {
        if isCNSA { return [0x1302] }
        let newest: [UInt16] = [0x1301, 0x1302, 0x1303]
        return minimum == .tls13 ? newest : newest + [0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8]
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
