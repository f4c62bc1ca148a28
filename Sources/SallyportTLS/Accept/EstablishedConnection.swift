import SallyportModel

/// What a completed handshake proved.
package struct EstablishedConnection: Sendable {
    /// Nil only where the listener does not require a client certificate and the client presented none.
    package let identity: Identity?
    /// The server name of the ClientHello, lower-case; nil when the client sent none.
    package let sni: String?
    package let tlsVersion: ProtocolVersion
    /// Whether the session was resumed. Known only when the client has a certificate; else false.
    package let resumed: Bool
    /// The negotiated application protocol; nil when the client offered none.
    package let alpn: String?

    /// As access logs write it.
    package enum ProtocolVersion: String, Sendable {
        case tls12 = "TLSv1.2"
        case tls13 = "TLSv1.3"
    }

    package init(identity: Identity?, sni: String?, tlsVersion: ProtocolVersion, resumed: Bool, alpn: String?) {
        self.identity = identity
        self.sni = sni
        self.tlsVersion = tlsVersion
        self.resumed = resumed
        self.alpn = alpn
    }
}
