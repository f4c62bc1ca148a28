import SallyportConfig
import SallyportModel

/// What a completed handshake proved.
package struct EstablishedConnection: Sendable {
    /// Nil only where the listener does not require a client certificate and the client presented none.
    package let identity: Identity?
    /// The server name of the ClientHello, lower-case; nil when the client sent none.
    package let sni: String?
    /// The rules the handshake was made under, of the listener's plan at that time.
    package let policy: HostPolicyID
    /// The names of the certificate that the client was shown.
    package let certificate: CertificateNames
    package let tls: TLSFacts
    /// What kind of client it is.
    package let fingerprint: ClientFingerprint?

    package init(
        identity: Identity?, sni: String?, policy: HostPolicyID, certificate: CertificateNames, tls: TLSFacts,
        fingerprint: ClientFingerprint? = nil
    ) {
        self.identity = identity
        self.sni = sni
        self.policy = policy
        self.certificate = certificate
        self.tls = tls
        self.fingerprint = fingerprint
    }
}
