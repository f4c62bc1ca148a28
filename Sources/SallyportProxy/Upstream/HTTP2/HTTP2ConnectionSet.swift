import NIOCore
import SallyportConfig
import SallyportHTTP
import SallyportModel
import SallyportTLS

/// The HTTP/2 connections of one event loop to one target, and the requests that wait for a place on one.
///
/// Requests share few connections. One more is opened when the others are full; while one is being opened, requests wait
/// for it instead of opening their own. A target that may choose and chooses HTTP/1.1 gets one connection for each of
/// them after all.
final class HTTP2ConnectionSet {
    /// Whose this is; connections under way hold it.
    private unowned let pool: TargetPool
    private var connections: [HTTP2UpstreamConnection] = []
    /// Oldest first.
    private var waiting: [Waiter] = []
    private var tickets = 0
    /// TCP and TLS under way.
    private var opening = 0
    private var isRetired = false

    private struct Waiter {
        let ticket: Int
        let request: PoolRequest
        let deadline: NIODeadline
        let done: (Result<any UpstreamStream, UpstreamFailure>) -> Void
    }

    /// Per target and worker; each carries up to `HTTP2UpstreamSettings.streams` requests.
    static let maximumConnections = 16
    /// Requests without a place, per target and worker.
    static let maximumWaiting = 1024

    init(pool: TargetPool) {
        self.pool = pool
    }

    /// A place on a connection that is there; for a tunnel, where the peer has said that it takes some (RFC 8441 §3).
    func take(_ request: PoolRequest) -> (any UpstreamStream)? {
        for connection in connections where request.tunnel == nil || connection.takesTunnels {
            if let stream = connection.reserve(target: pool.index) { return stream }
        }
        return nil
    }

    /// Waits for a place; opens a connection if those under way will not do.
    func wait(
        _ request: PoolRequest, deadline: NIODeadline,
        done: @escaping (Result<any UpstreamStream, UpstreamFailure>) -> Void
    ) {
        if request.tunnel != nil, refusesTunnels { return done(.failure(UpstreamFailure(.upstreamNoTunnel))) }
        if let stream = take(request) { return done(.success(stream)) }
        guard waiting.count < Self.maximumWaiting else {
            return done(.failure(UpstreamFailure(.upstreamBusy, isUnprocessed: true)))
        }
        tickets += 1
        let ticket = tickets
        waiting.append(Waiter(ticket: ticket, request: request, deadline: deadline, done: done))
        pool.loop.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [self] in expire(ticket) }
        openMore()
    }

    /// Full for too long, or never open.
    private func expire(_ ticket: Int) {
        guard let index = waiting.firstIndex(where: { $0.ticket == ticket }) else { return }
        let waiter = waiting.remove(at: index)
        let isFull = connections.contains { $0.isOpen }
        waiter.done(.failure(UpstreamFailure(isFull ? .upstreamBusy : .upstreamUnreachable, isUnprocessed: true)))
    }

    // MARK: opening

    private func openMore() {
        let coming = opening + connections.count { $0.isOpening }
        guard let first = waiting.first, waiting.count > coming * HTTP2UpstreamSettings.streams,
            opening + connections.count < Self.maximumConnections
        else { return }
        opening += 1
        let protocols = pool.plan.upstream.applicationProtocol.applicationProtocols
        pool.openConnection(deadline: first.deadline, protocols: protocols) { [self] result in
            opening -= 1
            switch result {
            case .success(let opened): use(opened, deadline: first.deadline)
            case .failure(let failure): failWaiting(failure)
            }
        }
    }

    private func use(_ opened: TargetPool.Opened, deadline: NIODeadline) {
        let isHTTP2 = opened.applicationProtocol == "h2"
        switch pool.plan.upstream.applicationProtocol {
        case .auto where !isHTTP2, .http1: return useHTTP1(opened)
        case .http2 where !isHTTP2 && pool.target.target.scheme == .https:
            opened.channel.close(promise: nil)
            pool.closed()
            return failWaiting(UpstreamFailure(.upstreamNotHTTP2))
        case .auto, .http2: break
        }
        let connection = HTTP2UpstreamConnection(
            owner: pool, eventLoop: pool.loop.eventLoop, scheme: pool.target.target.scheme.rawValue, limits: pool.limits)
        connections.append(connection)
        if let failure = pool.useHTTP2(opened, connection) {
            connections.removeAll { $0 === connection }
            return failWaiting(failure)
        }
        pool.loop.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { connection.giveUp() }
    }

    /// The target chose HTTP/1.1: the connection is for the first that waits, and the others open their own.
    private func useHTTP1(_ opened: TargetPool.Opened) {
        let waiters = waiting
        waiting = []
        let connection = pool.useHTTP1(opened)
        guard let first = waiters.first else {
            if case .success(let stream) = connection { stream.release(keep: true) }
            return
        }
        first.done(connection)
        for waiter in waiters.dropFirst() {
            pool.connect(waiter.request, deadline: waiter.deadline, done: waiter.done)
        }
    }

    /// Nobody who waits can be helped any more, unless others are still at it.
    func failWaiting(_ failure: UpstreamFailure) {
        guard opening == 0, !connections.contains(where: { $0.isOpen || $0.isOpening }) else { return }
        let waiters = waiting
        waiting = []
        for waiter in waiters { waiter.done(.failure(failure)) }
    }

    /// The target has said what it takes, and tunnels are not among that.
    private var refusesTunnels: Bool {
        let open = connections.filter(\.isOpen)
        return !open.isEmpty && !open.contains(where: \.takesTunnels)
    }

    private func refuseTunnels() {
        guard waiting.contains(where: { $0.request.tunnel != nil }), refusesTunnels else { return }
        let refused = waiting.filter { $0.request.tunnel != nil }
        waiting.removeAll { $0.request.tunnel != nil }
        for waiter in refused { waiter.done(.failure(UpstreamFailure(.upstreamNoTunnel))) }
    }

    private func serve() {
        refuseTunnels()
        while let first = waiting.first, let stream = take(first.request) {
            waiting.removeFirst().done(.success(stream))
        }
        openMore()
        if isRetired, waiting.isEmpty { drainAll() }
    }

    // MARK: keeping

    func sweep(now: NIODeadline) {
        for connection in connections {
            if connection.isOpen, connection.isUnused, now - connection.idleSince > pool.plan.idleTimeout {
                connection.drain()
            }
        }
    }

    /// The generation is over: no new requests but those that wait already.
    func retire() {
        isRetired = true
        if waiting.isEmpty { drainAll() }
    }

    private func drainAll() {
        for connection in connections where connection.isOpen { connection.drain() }
    }
}

// MARK: - what connections tell

extension HTTP2ConnectionSet {
    func opened() { serve() }

    func hasRoom() { serve() }

    /// One takes no new requests any more.
    func retiredOne() { openMore() }

    func closed(_ connection: HTTP2UpstreamConnection) {
        connections.removeAll { $0 === connection }
        openMore()
    }
}
