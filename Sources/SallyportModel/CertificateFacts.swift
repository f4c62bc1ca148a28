/// What a verified certificate says, read once when the handshake is verified and never parsed again.
package struct CertificateFacts: Sendable, Hashable {
    /// RFC 4514 text, most significant attribute first as in `CN=alice,O=Example`.
    package var subject: String
    package var issuer: String
    /// Upper-case hex without separators.
    package var serial: String
    package var commonName: String?
    package var organizations: [String]
    package var organizationalUnits: [String]
    /// Subject alternative names. DNS names lower-case, IP addresses in text form.
    package var dnsNames: [String]
    package var uris: [String]
    package var emails: [String]
    package var addresses: [String]
    /// Seconds since 1970.
    package var notBefore: Int64
    package var notAfter: Int64
    /// SHA-256 of the DER encoding: 32 bytes.
    package var fingerprint: [UInt8]
    /// The leaf's DER encoding, for RFC 9440 and XFCC.
    package var der: [UInt8]

    package init(
        subject: String, issuer: String, serial: String, commonName: String? = nil, organizations: [String] = [],
        organizationalUnits: [String] = [], dnsNames: [String] = [], uris: [String] = [], emails: [String] = [],
        addresses: [String] = [], notBefore: Int64, notAfter: Int64, fingerprint: [UInt8], der: [UInt8]
    ) {
        self.subject = subject
        self.issuer = issuer
        self.serial = serial
        self.commonName = commonName
        self.organizations = organizations
        self.organizationalUnits = organizationalUnits
        self.dnsNames = dnsNames
        self.uris = uris
        self.emails = emails
        self.addresses = addresses
        self.notBefore = notBefore
        self.notAfter = notAfter
        self.fingerprint = fingerprint
        self.der = der
    }
}
