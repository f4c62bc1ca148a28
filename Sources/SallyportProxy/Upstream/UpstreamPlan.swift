import NIOCore
import SallyportBalance
import SallyportConfig
import SallyportTLS

/// An upstream in the form that the data plane uses: addresses resolved where they need no resolver, TLS built.
package final class UpstreamPlan: Sendable {
    let upstream: Upstream
    let targets: [Target]
    /// Present when some target is `https`.
    let tls: UpstreamTLSContext?
    /// What is known of its targets, whatever generation found it out.
    let board: UpstreamBoard
    /// Positions of targets, by URL.
    private let positions: [String: Int]

    struct Target: Sendable {
        let target: UpstreamTarget
        /// Set when the host is an IP address; otherwise the name is looked up for each connection.
        let address: SocketAddress?
        /// The Host field this target wants; nil: the client's own is kept.
        let authority: [UInt8]?
    }

    /// - Parameter board: of the generation before; nil: nothing is known yet.
    init(_ upstream: Upstream, tls: UpstreamTLSContext?, board: UpstreamBoard? = nil) {
        self.upstream = upstream
        self.tls = tls
        self.board =
            board ?? UpstreamBoard(name: upstream.name, circuit: upstream.circuit, ejection: upstream.health.ejection)
        positions = Dictionary(
            upstream.targets.enumerated().map { ($1.url, $0) }, uniquingKeysWith: { first, _ in first })
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

    /// The generation that this belongs to goes into service.
    func enterService(now: Nanoseconds) {
        let targets = zip(upstream.targets, self.targets).map { target, plan in
            BoardTarget(
                url: target.url, host: target.host, isName: plan.address == nil, weight: target.weight,
                labels: target.labels)
        }
        board.adopt(targets, circuit: upstream.circuit, ejection: upstream.health.ejection, now: now)
        if upstream.health.check == nil { for (_, record) in board.endpoints() { record.forgetChecks() } }
    }

    /// Where an endpoint of the board is in this plan, which may be of another generation.
    func position(of key: EndpointKey) -> Int? { positions[key.url] }

    /// The address of an endpoint; nil: its name is looked up for each connection.
    func address(of key: EndpointKey, at position: Int) -> SocketAddress? {
        if let address = targets[position].address { return address }
        let port = Int(targets[position].target.port)
        do { return try SocketAddress(ipAddress: key.address, port: port) } catch { return nil }
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
