import Logging
import NIOCore
import NIOPosix
import SallyportConfig
import SallyportEdge
import SallyportHTTP
import SallyportModel
import SallyportTLS

/// The connections of one event loop to one target of an upstream, under one generation of the configuration.
///
/// It lives and dies with its generation: what TLS material and which names a connection was opened under can't be
/// mixed up. Connections of HTTP/1.1 carry one request each and rest here in between; those of HTTP/2 are shared.
final class TargetPool {
    let plan: UpstreamPlan
    let index: Int
    /// Lives as long as the process serves.
    unowned let loop: LoopState
    let limits: HTTPLimits
    /// Nil: the name is looked up for each connection.
    private let address: SocketAddress?
    private var idle: [HTTP1UpstreamConnection] = []
    private lazy var shared = HTTP2ConnectionSet(pool: self)
    /// What the target spoke last, where it may choose.
    private var version: HTTPVersion?
    /// Connections that are open or being opened.
    private(set) var open = 0
    private var isRetired = false

    init(plan: UpstreamPlan, index: Int, address: SocketAddress?, loop: LoopState, limits: HTTPLimits) {
        self.address = address
        self.plan = plan
        self.index = index
        self.loop = loop
        self.limits = limits
    }

    var target: UpstreamPlan.Target { plan.targets[index] }

    // MARK: taking

    /// A place that is there and free. The newest connection of HTTP/1.1 is used first.
    func takeIdle(_ request: PoolRequest) -> (any UpstreamStream)? {
        if wants(request) != .http11, let stream = shared.take(request) { return stream }
        while let connection = idle.popLast() {
            if connection.isIdleAndUsable { return connection }
        }
        return nil
    }

    /// Opens a connection or waits for one. `done` is called exactly once, on the event loop, before or after this
    /// returns.
    func connect(
        _ request: PoolRequest, deadline: NIODeadline,
        done: @escaping (Result<any UpstreamStream, UpstreamFailure>) -> Void
    ) {
        switch wants(request) {
        case .http10, .http11: openHTTP1(deadline: deadline, preface: preface(of: request), done: done)
        case .http2, nil: shared.wait(request, deadline: deadline, done: done)
        }
    }

    /// The version to ask for; nil leaves it to the target. A tunnel takes a whole connection of HTTP/1.1 where it can.
    /// So does a PROXY header, which speaks for one client.
    private func wants(_ request: PoolRequest) -> HTTPVersion? {
        if plan.upstream.proxyProtocol != nil { return .http11 }
        return switch plan.upstream.applicationProtocol {
        case .http1: .http11
        case .http2: .http2
        case .auto: target.target.scheme == .http || request.tunnel != nil ? .http11 : version
        }
    }

    /// Whoever asks for itself, such as a health check, speaks for nobody.
    private func preface(of request: PoolRequest) -> [UInt8] {
        guard request.preface.isEmpty, let version = plan.upstream.proxyProtocol else { return request.preface }
        let writer = ProxyHeaderWriter(addresses: nil)
        return version == .v1 ? writer.text() : writer.binary()
    }

    private func openHTTP1(
        deadline: NIODeadline, preface: [UInt8], done: @escaping (Result<any UpstreamStream, UpstreamFailure>) -> Void
    ) {
        let protocols = UpstreamProtocol.http1.applicationProtocols
        openConnection(deadline: deadline, protocols: protocols, preface: preface) { [self] result in
            switch result {
            case .success(let opened): done(useHTTP1(opened))
            case .failure(let failure): done(.failure(failure))
            }
        }
    }

    // MARK: opening

    /// A channel that is connected, with TLS if the target has it, and nothing behind that yet.
    struct Opened {
        let channel: any Channel
        /// By ALPN; nil when the target chose none.
        let applicationProtocol: String?
    }

    /// - Parameter done: called once. Handlers for what is read are to be added before it returns.
    func openConnection(
        deadline: NIODeadline, protocols: [String], preface: [UInt8] = [],
        done: @escaping (Result<Opened, UpstreamFailure>) -> Void
    ) {
        open += 1
        let opening = ConnectionOpening { [self] result in
            if case .failure = result { open -= 1 }
            done(result)
        }
        let left = max(.milliseconds(1), deadline - .now())
        bootstrap(left).assumeIsolated().whenComplete { [self] result in
            switch result {
            case .success(let channel): secure(channel, for: opening, protocols: protocols, preface: preface)
            case .failure: opening.failed(.upstreamUnreachable)
            }
        }
        if target.target.scheme == .https {
            // The bootstrap's time-out ends with TCP; this one covers the TLS handshake behind it.
            loop.eventLoop.assumeIsolated().scheduleTask(in: left) { opening.failed(.upstreamUnreachable) }
        }
    }

    private func bootstrap(_ timeout: TimeAmount) -> EventLoopFuture<any Channel> {
        let bootstrap = ClientBootstrap(group: loop.eventLoop)
            .connectTimeout(timeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.maxMessagesPerRead, value: 1)
        guard let address else {
            return bootstrap.connect(host: target.target.host, port: Int(target.target.port))
        }
        return bootstrap.connect(to: address)
    }

    /// A name with several addresses is tried at several of them at once, each with a channel of its own. Handlers are
    /// added only here, to the one that won; no byte has been read from it yet.
    private func secure(_ channel: any Channel, for opening: ConnectionOpening, protocols: [String], preface: [UInt8]) {
        guard opening.began(channel) else { return channel.close(promise: nil) }
        if !preface.isEmpty { channel.writeAndFlush(ByteBuffer(bytes: preface), promise: nil) }
        guard target.target.scheme == .https, let tls = plan.tls else {
            return opening.done(.success(Opened(channel: channel, applicationProtocol: nil)))
        }
        do {
            let handler = try tls.makeHandler(target: target.target, protocols: protocols) { [self] result in
                switch result {
                case .success(let peer):
                    opening.done(.success(Opened(channel: channel, applicationProtocol: peer.tls.alpn)))
                case .failure(let refusal):
                    report(refusal)
                    opening.failed(refusal.reason)
                }
            }
            try channel.pipeline.syncOperations.addHandler(handler)
        } catch {
            opening.failed(.upstreamUnreachable)
        }
    }

    /// Makes an open channel a connection of HTTP/1.1.
    func useHTTP1(_ opened: Opened) -> Result<any UpstreamStream, UpstreamFailure> {
        if opened.applicationProtocol != "h2", plan.upstream.applicationProtocol == .auto { version = .http11 }
        let connection = HTTP1UpstreamConnection(target: index, pool: self, limits: limits)
        return add([connection], to: opened).map { connection }
    }

    /// Makes it one of HTTP/2; it is open when the target's SETTINGS come.
    func useHTTP2(_ opened: Opened, _ connection: HTTP2UpstreamConnection) -> UpstreamFailure? {
        version = .http2
        let frames = HTTP2UpstreamSettings.handler(limits, frames: connection)
        if case .failure(let failure) = add([frames, connection], to: opened) { return failure }
        return nil
    }

    private func add(_ handlers: [any ChannelHandler], to opened: Opened) -> Result<Void, UpstreamFailure> {
        do {
            for handler in handlers { try opened.channel.pipeline.syncOperations.addHandler(handler) }
            return .success(())
        } catch {
            opened.channel.close(promise: nil)
            open -= 1
            return .failure(UpstreamFailure(.upstreamUnreachable))
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
        // A connection that began with a PROXY header speaks for one client.
        guard !isRetired, plan.upstream.proxyProtocol == nil else { return false }
        connection.idleUntil = .now() + plan.idleTimeout
        idle.append(connection)
        return true
    }

    func forget(_ connection: HTTP1UpstreamConnection) {
        idle.removeAll { $0 === connection }
    }

    /// A connection that was open is closed.
    func closed() { open -= 1 }

    /// Closes what has been idle too long. The oldest stand first because the newest is used first.
    func sweep(now: NIODeadline) {
        while let oldest = idle.first, oldest.idleUntil <= now {
            idle.removeFirst()
            oldest.close()
        }
        shared.sweep(now: now)
    }

    /// The generation is over: idle connections close now, the others when their exchange ends.
    func retire() {
        isRetired = true
        let connections = idle
        idle = []
        for connection in connections { connection.close() }
        shared.retire()
    }
}

extension TargetPool: HTTP2ConnectionOwner {
    func opened() { shared.opened() }
    func failedToOpen(_ failure: UpstreamFailure) { shared.failWaiting(failure) }
    func hasRoom() { shared.hasRoom() }
    func retiredOne() { shared.retiredOne() }

    func closed(_ connection: HTTP2UpstreamConnection) {
        shared.closed(connection)
        closed()
    }
}

/// A channel on its way to being a connection. Whichever comes first, success, failure or the deadline, is the outcome.
final class ConnectionOpening {
    private var outcome: ((Result<TargetPool.Opened, UpstreamFailure>) -> Void)?
    private var channel: (any Channel)?

    init(outcome: @escaping (Result<TargetPool.Opened, UpstreamFailure>) -> Void) {
        self.outcome = outcome
    }

    /// TCP is there. False: it is too late for that.
    func began(_ channel: any Channel) -> Bool {
        guard outcome != nil else { return false }
        self.channel = channel
        return true
    }

    func done(_ result: Result<TargetPool.Opened, UpstreamFailure>) {
        channel = nil
        outcome.take()?(result)
    }

    func failed(_ reason: Reason) {
        guard outcome != nil else { return }
        channel?.close(promise: nil)
        done(.failure(UpstreamFailure(reason)))
    }
}
