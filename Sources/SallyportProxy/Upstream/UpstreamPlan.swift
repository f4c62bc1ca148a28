import NIOCore
import SallyportConfig
import SallyportTLS

/// An upstream in the form that the data plane uses: addresses resolved where they need no resolver, TLS built.
package final class UpstreamPlan: Sendable {
    let upstream: Upstream
    let targets: [Target]
    /// Present when some target is `https`.
    let tls: UpstreamTLSContext?

    struct Target: Sendable {
        let target: UpstreamTarget
        /// Set when the host is an IP address; otherwise the name is looked up for each connection.
        let address: SocketAddress?
        /// The Host field this target wants; nil: the client's own is kept.
        let authority: [UInt8]?
    }

    init(_ upstream: Upstream, tls: UpstreamTLSContext?) {
        self.upstream = upstream
        self.tls = tls
        targets = upstream.targets.map { target in
            // The name that TLS proves is the name that is asked for; plain HTTP keeps what the client said.
            let authority: [UInt8]? =
                target.scheme == .https ? Array(Self.authority(target, name: upstream.tls.name).utf8) : nil
            return Target(
                target: target, address: Self.literalAddress(target), authority: authority)
        }
    }

    /// A host that is no IP address is a name for the resolver.
    private static func literalAddress(_ target: UpstreamTarget) -> SocketAddress? {
        do { return try SocketAddress(ipAddress: target.host, port: Int(target.port)) } catch { return nil }
    }

    private static func authority(_ target: UpstreamTarget, name: String?) -> String {
        guard let name else { return target.authority }
        return UpstreamTarget(scheme: target.scheme, host: name, port: target.port).authority
    }

    var connectTimeout: TimeAmount { TimeAmount(upstream.timeouts.connect) }
    var requestTimeout: TimeAmount { TimeAmount(upstream.timeouts.request) }
    var tunnelTimeout: TimeAmount { TimeAmount(upstream.timeouts.tunnel) }
    var idleTimeout: TimeAmount { TimeAmount(upstream.timeouts.idle) }
}
