/// The Valkey or Redis server that gateways share what they count in.
package struct ClusterStore: Sendable, Hashable {
    /// A name or an IP address without brackets.
    package var host: String
    package var port: UInt16
    /// Nil: without TLS.
    package var tls: UpstreamTLS?
    /// Nil: the server's user `default`.
    package var username: String?
    package var password: SecretReference?

    package init(
        host: String, port: UInt16, tls: UpstreamTLS? = nil, username: String? = nil, password: SecretReference? = nil
    ) {
        self.host = host
        self.port = port
        self.tls = tls
        self.username = username
        self.password = password
    }

    /// `host:port`; IPv6 in brackets.
    package var authority: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
