import Logging
import NIOCore
import NIOPosix
import SallyportConfig
import SallyportHTTP
import SallyportModel
import SallyportTLS

/// The connections of one event loop to one target of an upstream, under one generation of the configuration.
///
/// It lives and dies with its generation: what TLS material and which names a connection was opened under can't be
/// mixed up.
final class TargetPool {
    let plan: UpstreamPlan
    let index: Int
    /// Lives as long as the process serves.
    unowned let loop: LoopState
    private let limits: HTTPLimits
    private var idle: [HTTP1UpstreamConnection] = []
    /// Connections that are open or being opened.
    private(set) var open = 0
    private var isRetired = false

    init(plan: UpstreamPlan, index: Int, loop: LoopState, limits: HTTPLimits) {
        self.plan = plan
        self.index = index
        self.loop = loop
        self.limits = limits
    }

    private var target: UpstreamPlan.Target { plan.targets[index] }

    // MARK: taking

    /// A connection that is there and free. The newest is used first.
    func takeIdle() -> (any UpstreamStream)? {
        while let connection = idle.popLast() {
            if connection.isIdleAndUsable { return connection }
        }
        return nil
    }

    /// Opens a connection. `done` is called exactly once, on the event loop, before or after this returns.
    func connect(deadline: NIODeadline, done: @escaping (Result<any UpstreamStream, UpstreamFailure>) -> Void) {
        open += 1
        let connection = HTTP1UpstreamConnection(target: index, pool: self, limits: limits) { [self] result in
            if case .failure = result { open -= 1 }
            done(result.map { $0 })
        }
        let left = max(.milliseconds(1), deadline - .now())
        bootstrap(left).assumeIsolated().whenComplete { [self] result in
            switch result {
            case .success(let channel): take(channel, for: connection)
            case .failure: connection.connectFailed()
            }
        }
        if target.target.scheme == .https {
            // The bootstrap's time-out ends with TCP; this one covers the TLS handshake behind it.
            loop.eventLoop.assumeIsolated().scheduleTask(in: left) { connection.connectFailed() }
        }
    }

    private func bootstrap(_ timeout: TimeAmount) -> EventLoopFuture<any Channel> {
        let bootstrap = ClientBootstrap(group: loop.eventLoop)
            .connectTimeout(timeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.maxMessagesPerRead, value: 1)
        guard let address = target.address else {
            return bootstrap.connect(host: target.target.host, port: Int(target.target.port))
        }
        return bootstrap.connect(to: address)
    }

    /// A name with several addresses is tried at several of them at once, each with a channel of its own. Handlers are
    /// added only here, to the one that won; no byte has been read from it yet.
    private func take(_ channel: any Channel, for connection: HTTP1UpstreamConnection) {
        guard connection.isConnecting else { return channel.close(promise: nil) }
        do {
            let pipeline = channel.pipeline.syncOperations
            if target.target.scheme == .https, let tls = plan.tls {
                let handler = try tls.makeHandler(target: target.target, done: connection.handshakeEnded)
                // The handshake begins when its handler is added, so the connection is there first.
                try pipeline.addHandler(connection)
                try pipeline.addHandler(handler, position: .first)
            } else {
                try pipeline.addHandler(connection)
                connection.opened()
            }
        } catch {
            channel.close(promise: nil)
            connection.connectFailed()
        }
    }

    /// Says in the log why TLS with the target failed; the client is told a title.
    func report(_ failure: UpstreamTLSFailure) {
        loop.logger.warning(
            "upstream handshake failed",
            metadata: [
                "upstream": "\(plan.upstream.name)", "target": "\(target.target.authority)",
                "code": "\(failure.reason.name)", "reason": "\(failure.detail)", "fix": "\(failure.reason.fix)",
            ])
    }

    // MARK: keeping

    /// False when the pool wants no more: its generation is over.
    func takeBack(_ connection: HTTP1UpstreamConnection) -> Bool {
        guard !isRetired else { return false }
        connection.idleUntil = .now() + plan.idleTimeout
        idle.append(connection)
        return true
    }

    func forget(_ connection: HTTP1UpstreamConnection) {
        idle.removeAll { $0 === connection }
    }

    func closed(_ connection: HTTP1UpstreamConnection) {
        if connection.isCounted { open -= 1 }
    }

    /// Closes what has been idle too long. The oldest stand first because the newest is used first.
    func sweep(now: NIODeadline) {
        while let oldest = idle.first, oldest.idleUntil <= now {
            idle.removeFirst()
            oldest.close()
        }
    }

    /// The generation is over: idle connections close now, the others when their exchange ends.
    func retire() {
        isRetired = true
        let connections = idle
        idle = []
        for connection in connections { connection.close() }
    }
}
