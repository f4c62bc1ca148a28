import SallyportModel

/// What the handshake of a connection settled about hosts: under which rules it was made and what was shown.
package struct HandshakeHost: Sendable, Hashable {
    /// The server name of the ClientHello, lower-case; nil when there was none.
    package let serverName: String?
    /// Nil: under the configuration at hand no handshake of this kind would be made any more.
    package let policy: HostPolicyID?
    /// The names of the certificate that was shown.
    package let certificate: CertificateNames

    package init(serverName: String?, policy: HostPolicyID?, certificate: CertificateNames) {
        self.serverName = serverName
        self.policy = policy
        self.certificate = certificate
    }

    /// The same connection under another configuration: what was said and shown stays, the rules are the new ones.
    package func under(_ plan: ListenerTLSPlan) -> HandshakeHost {
        HandshakeHost(serverName: serverName, policy: plan.policy(serverName: serverName), certificate: certificate)
    }
}
