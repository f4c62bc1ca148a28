/// Servers that a route may forward to, and how they are reached.
package struct Upstream: Sendable, Hashable {
    /// A key of `upstreams`, or the URL itself for a route that names a URL.
    package var name: String
    /// At least one.
    package var targets: [UpstreamTarget]
    package var tls: UpstreamTLS
    package var timeouts: UpstreamTimeouts
    package var applicationProtocol = UpstreamProtocol.auto
    /// Set: each connection begins with a PROXY header and serves one request.
    package var proxyProtocol: ProxyVersion?
    package var balance = Balance()
    package var health = HealthSettings()
    package var retries = Retries()
    package var circuit = Circuit()
    package var concurrency = Concurrency.fixed
    package var hedge: Hedge?
    /// How often names of targets are looked up again.
    package var resolve = Duration.seconds(30)

    package init(name: String, targets: [UpstreamTarget], tls: UpstreamTLS = UpstreamTLS(), timeouts: UpstreamTimeouts = UpstreamTimeouts()) {
        self.name = name
        self.targets = targets
        self.tls = tls
        self.timeouts = timeouts
    }
}

package struct UpstreamTarget: Sendable, Hashable {
    package var scheme: Scheme
    /// A name or an IP address without brackets.
    package var host: String
    package var port: UInt16
    /// Its share of the requests in relation to the others'.
    package var weight = 1
    /// Names by which a route's `split` finds it.
    package var labels: [String] = []

    package enum Scheme: String, Sendable { case http, https }

    package init(scheme: Scheme, host: String, port: UInt16) {
        self.scheme = scheme
        self.host = host
        self.port = port
    }

    /// `host` or `host:port` when the port is not the scheme's own; IPv6 in brackets. For the Host field.
    package var authority: String {
        let shown = host.contains(":") ? "[\(host)]" : host
        let standard: UInt16 = scheme == .https ? 443 : 80
        return port == standard ? shown : "\(shown):\(port)"
    }
}

/// How an `https` target is verified and what is shown to it. Without effect on `http` targets.
package struct UpstreamTLS: Sendable, Hashable {
    /// Keys of `Configuration.authorities`; empty means the roots of the operating system.
    package var trust: [String]
    /// The name that the server's certificate must bear and that is sent as SNI; nil means the target's host.
    package var name: String?
    /// A URI, or `prefix/*`, that the server's certificate must bear instead of a host name.
    package var uri: String?
    /// SHA-256 of public keys, 32 bytes each; the server's must be one of them. Empty means any.
    package var pins: [[UInt8]]
    /// The gateway's own client certificate.
    package var present: PresentedCertificate?

    package init(
        trust: [String] = [], name: String? = nil, uri: String? = nil, pins: [[UInt8]] = [],
        present: PresentedCertificate? = nil
    ) {
        self.trust = trust
        self.name = name
        self.uri = uri
        self.pins = pins
        self.present = present
    }
}

package struct PresentedCertificate: Sendable, Hashable {
    /// PEM chain, leaf first; absolute path.
    package var certificate: String
    package var key: SecretReference

    package init(certificate: String, key: SecretReference) {
        self.certificate = certificate
        self.key = key
    }
}

package struct UpstreamTimeouts: Sendable, Hashable {
    /// TCP and TLS together.
    package var connect: Duration
    /// From the last byte of the request to the head of the response.
    package var request: Duration
    /// Between two reads or writes that make progress, in either direction.
    package var idle: Duration
    /// The same for WebSockets, whose silence is no fault.
    package var tunnel: Duration
    /// From the last byte of the request to the head of the response, for one attempt of several; nil: `request` is
    /// for all of them.
    package var attempt: Duration?
    /// From the head of the request to the end of the response; nil: without end.
    package var total: Duration?

    package init(
        connect: Duration = .seconds(3), request: Duration = .seconds(15), idle: Duration = .seconds(60),
        tunnel: Duration = .seconds(600), attempt: Duration? = nil, total: Duration? = nil
    ) {
        self.connect = connect
        self.request = request
        self.idle = idle
        self.tunnel = tunnel
        self.attempt = attempt
        self.total = total
    }
}
