import Logging
import NIOCore
import NIOPosix
import SallyportConfig
import SallyportHTTP
import SallyportModel
import SallyportTLS

/// The connections of one event loop to one upstream, under one generation of the configuration.
///
/// It lives and dies with its generation: what TLS material and which names a connection was opened under can't be
/// mixed up. Targets are taken in turn; one that refused a connection is passed over for a second while others are
/// left.
final class UpstreamPool {
    let plan: UpstreamPlan
    private let eventLoop: any EventLoop
    private let limits: HTTPLimits
    private let logger: Logger
    private var idle: [[UpstreamConnection]]
    private var restingUntil: [NIODeadline]
    private var turn = 0
    /// Connections that are open or being opened.
    private(set) var open = 0
    private var isRetired = false

    /// Per worker and upstream.
    static let maximumConnections = 1024
    private static let rest = TimeAmount.seconds(1)
    /// All targets are tried at once, then again after each of these.
    private static let pauses: [TimeAmount] = [.milliseconds(50), .milliseconds(150), .milliseconds(300)]

    init(plan: UpstreamPlan, eventLoop: any EventLoop, limits: HTTPLimits, logger: Logger) {
        self.plan = plan
        self.eventLoop = eventLoop
        self.limits = limits
        self.logger = logger
        idle = plan.targets.map { _ in [] }
        restingUntil = plan.targets.map { _ in .distantPast }
    }

    /// Hands over an idle connection at once if there is one, else opens one. `done` is called exactly once, on the
    /// event loop, before or after this returns. `fresh` asks for a connection that has served nothing yet.
    func acquire(fresh: Bool, done: @escaping (Result<UpstreamConnection, UpstreamFailure>) -> Void) {
        let first = nextTarget()
        if !fresh {
            for offset in plan.targets.indices {
                if let connection = popIdle((first + offset) % plan.targets.count) { return done(.success(connection)) }
            }
        }
        guard open < Self.maximumConnections else { return done(.failure(UpstreamFailure(.upstreamBusy))) }
        open += 1
        connect(attempt: ConnectAttempt(first: first, deadline: .now() + plan.connectTimeout), done: done)
    }

    private func popIdle(_ target: Int) -> UpstreamConnection? {
        while let connection = idle[target].popLast() {
            if connection.isIdleAndUsable { return connection }
        }
        return nil
    }

    private func nextTarget() -> Int {
        let now = NIODeadline.now()
        for _ in plan.targets.indices {
            turn = (turn + 1) % plan.targets.count
            if restingUntil[turn] <= now { return turn }
        }
        return turn
    }

    // MARK: opening

    private struct ConnectAttempt {
        let first: Int
        let deadline: NIODeadline
        var tried = 0
    }

    /// Opens a connection; on failure goes on with the next target, and after a round of all of them pauses. A
    /// server that is restarting is so waited for, a little.
    private func connect(
        attempt: ConnectAttempt, done: @escaping (Result<UpstreamConnection, UpstreamFailure>) -> Void
    ) {
        let target = (attempt.first + attempt.tried) % plan.targets.count
        open(target: target, deadline: attempt.deadline) { [self] result in
            guard case .failure(let failure) = result else {
                restingUntil[target] = .distantPast
                return done(result)
            }
            restingUntil[target] = .now() + Self.rest
            var next = attempt
            next.tried += 1
            let round = next.tried / plan.targets.count
            let isRoundOver = next.tried % plan.targets.count == 0
            guard failure.reason == .upstreamUnreachable, !isRetired, round <= Self.pauses.count, .now() < next.deadline
            else {
                open -= 1
                return done(.failure(failure))
            }
            guard isRoundOver else { return connect(attempt: next, done: done) }
            eventLoop.assumeIsolated().scheduleTask(in: Self.pauses[round - 1]) { self.connect(attempt: next, done: done) }
        }
    }

    private func open(
        target index: Int, deadline: NIODeadline,
        done: @escaping (Result<UpstreamConnection, UpstreamFailure>) -> Void
    ) {
        let target = plan.targets[index]
        let connection = UpstreamConnection(
            target: index, pool: self, limits: limits, ready: done)
        let left = max(.milliseconds(1), deadline - .now())
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(left)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.maxMessagesPerRead, value: 1)
        let connected =
            if let address = target.address {
                bootstrap.connect(to: address)
            } else {
                bootstrap.connect(host: target.target.host, port: Int(target.target.port))
            }
        connected.assumeIsolated().whenComplete { [self] result in
            switch result {
            case .success(let channel): take(channel, for: connection, target: target.target)
            case .failure: connection.connectFailed()
            }
        }
        if target.target.scheme == .https {
            // The bootstrap's time-out ends with TCP; this one covers the TLS handshake behind it.
            eventLoop.assumeIsolated().scheduleTask(in: left) { connection.connectFailed() }
        }
    }

    /// A name with several addresses is tried at several of them at once, each with a channel of its own. Handlers are
    /// added only here, to the one that won; no byte has been read from it yet.
    private func take(_ channel: any Channel, for connection: UpstreamConnection, target: UpstreamTarget) {
        guard connection.isConnecting else { return channel.close(promise: nil) }
        do {
            let pipeline = channel.pipeline.syncOperations
            if target.scheme == .https, let tls = plan.tls {
                let handler = try tls.makeHandler(target: target, done: connection.handshakeEnded)
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

    /// Says in the log why TLS with a target failed; the client is told a title.
    func report(_ failure: UpstreamTLSFailure, target: Int) {
        logger.warning(
            "upstream handshake failed",
            metadata: [
                "upstream": "\(plan.upstream.name)", "target": "\(plan.targets[target].target.authority)",
                "code": "\(failure.reason.name)", "reason": "\(failure.detail)", "fix": "\(failure.reason.fix)",
            ])
    }

    // MARK: keeping

    /// False when the pool wants no more: its generation is over.
    func takeBack(_ connection: UpstreamConnection) -> Bool {
        guard !isRetired else { return false }
        connection.idleUntil = .now() + plan.idleTimeout
        idle[connection.target].append(connection)
        return true
    }

    func forget(_ connection: UpstreamConnection) {
        idle[connection.target].removeAll { $0 === connection }
    }

    func closed(_ connection: UpstreamConnection) {
        if connection.isCounted { open -= 1 }
    }

    /// Closes what has been idle too long. The oldest stand first because the newest is used first.
    func sweep(now: NIODeadline) {
        for target in idle.indices {
            while let oldest = idle[target].first, oldest.idleUntil <= now {
                idle[target].removeFirst()
                oldest.close()
            }
        }
    }

    /// The generation is over: idle connections close now, the others when their exchange ends.
    func retire() {
        isRetired = true
        let connections = idle.flatMap(\.self)
        idle = plan.targets.map { _ in [] }
        for connection in connections { connection.close() }
    }
}
