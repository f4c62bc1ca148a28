import Glibc
import Logging
import NIOCore
import NIOPosix
import SallyportConfig
import SallyportModel
import SallyportTLS
import Synchronization

/// An address that is being listened on: one socket per worker, so that the kernel spreads connections and no
/// connection changes threads.
struct ListenerBinding: Sendable {
    let key: Key
    let runtime: ListenerRuntime
    let sockets: [any Channel]
    /// Somebody else has the sockets open too, and will accept what waits in their queues.
    let isShared: Bool

    /// What makes two listeners of two generations the same socket.
    struct Key: Hashable {
        let name: String
        let address: SocketAddressText
        let redirectPort: UInt16?
    }

    /// Begins to accept, or ends it: connections then wait in the queues.
    func setAccepting(_ isAccepting: Bool) async {
        for socket in sockets {
            // Closed meanwhile: there is nothing to accept.
            do { try await socket.setOption(.autoRead, value: isAccepting).get() } catch { continue }
        }
    }

    /// Closes, and returns when no connection can come in any more. What waits in a queue is lost, unless somebody
    /// else has the socket as well.
    func closed() async {
        for socket in sockets {
            do { try await socket.close().get() } catch { continue }
        }
    }

    /// Accepts what waits in the queues, takes nothing more, and closes.
    func finished() async {
        if !isShared {
            do { try await emptyQueues() } catch { return await closed() }
        }
        await closed()
    }

    private func emptyQueues() async throws {
        for socket in sockets { try await ListeningSocket.takeNoMore(socket) }
        var quiet = 0
        // A connection whose last packet of three is on its way is waited for a little.
        for _ in 0..<Self.looks where quiet < Self.quietLooks {
            try await Task.sleep(for: .milliseconds(10))
            var waiting = 0
            for socket in sockets { waiting += try await ListeningSocket.queued(socket) }
            quiet = waiting == 0 ? quiet + 1 : 0
        }
    }

    private static let looks = 100
    private static let quietLooks = 5

    /// Second descriptors of all its sockets, for somebody else to accept from. The caller closes them.
    func shared() async throws -> [Int32] {
        var copies: [Int32] = []
        do {
            for socket in sockets { copies.append(try await ListeningSocket.duplicate(socket)) }
        } catch {
            for copy in copies { Glibc.close(copy) }
            throw error
        }
        return copies
    }

    private var isPlain: Bool { key.redirectPort != nil || runtime.metrics != nil }

    private var shownName: String {
        runtime.admin != nil ? "admin" : runtime.metrics != nil ? "metrics" : runtime.name
    }

    var status: GatewayStatus.Listener {
        let port = sockets.first?.localAddress?.port ?? Int(key.address.port)
        let kind = runtime.admin != nil ? "admin" : isPlain ? "http" : "https"
        let shown = SocketAddressText(host: key.address.host, port: UInt16(clamping: port)).text
        return .init(name: shownName, address: shown, kind: kind)
    }
}

/// A listener that a configuration asks for.
struct WantedListener {
    let key: ListenerBinding.Key

    static func all(of configuration: Configuration) -> [WantedListener] {
        var wanted = configuration.listeners.map { listener in
            var port: UInt16?
            if case .redirectToHTTPS(let redirectPort) = listener.kind { port = redirectPort }
            return WantedListener(key: .init(name: listener.name, address: listener.address, redirectPort: port))
        }
        if let admin = configuration.admin {
            let key = ListenerBinding.Key(name: AdminEndpoint.listenerName, address: admin.address, redirectPort: nil)
            wanted.append(WantedListener(key: key))
        }
        if let metrics = configuration.metrics {
            let key = ListenerBinding.Key(name: MetricsEndpoint.listenerName, address: metrics.address, redirectPort: nil)
            wanted.append(WantedListener(key: key))
        }
        return wanted
    }
}

/// Opens the sockets of a listener.
struct ListenerBinder: Sendable {
    let group: MultiThreadedEventLoopGroup
    let workers: [Worker]
    let challenges: PendingChallenges
    let logger: Logger
    let journal: HandshakeJournal

    /// Listens, and accepts nothing yet.
    ///
    /// - Parameter inherited: Sockets that are bound already. Each is used, so that nothing that waits in one is lost.
    func bind(
        _ key: ListenerBinding.Key, as runtime: ListenerRuntime, inherited: [InheritedSocket] = []
    ) async throws(GatewayError) -> ListenerBinding {
        let address = key.address
        do {
            if !inherited.isEmpty { return try await adopt(inherited, for: key, as: runtime) }
            try await refuseIfTaken(address)
            var sockets: [any Channel] = []
            var port = Int(address.port)
            for worker in workers {
                let socket = try await bootstrap(worker, runtime: runtime, redirectPort: key.redirectPort)
                    .bind(host: address.bindHost, port: port).get()
                // Of port 0 the system makes a real one, which the other workers then share.
                port = socket.localAddress?.port ?? port
                sockets.append(socket)
            }
            return ListenerBinding(key: key, runtime: runtime, sockets: sockets, isShared: false)
        } catch {
            throw .address(listener: key.name, address: address.text, detail: Self.words(error))
        }
    }

    private func adopt(
        _ inherited: [InheritedSocket], for key: ListenerBinding.Key, as runtime: ListenerRuntime
    ) async throws -> ListenerBinding {
        let isSpread = inherited.count < workers.count
        var sockets: [any Channel] = []
        for (index, one) in inherited.enumerated() {
            let worker = workers[index % workers.count]
            let socket = try await bootstrap(
                worker, runtime: runtime, redirectPort: key.redirectPort, isSpread: isSpread
            ).withBoundSocket(one.descriptor).get()
            try await ListeningSocket.restoreBacklog(socket)
            sockets.append(socket)
        }
        let isShared = inherited.contains { $0.origin == .serviceManager }
        return ListenerBinding(key: key, runtime: runtime, sockets: sockets, isShared: isShared)
    }

    private static func words(_ error: any Error) -> String {
        guard let error = error as? IOError else { return "\(error)" }
        return String(cString: strerror(error.errnoCode))
    }

    /// Sockets that share a port hide that somebody else has it. One that does not share finds out.
    private func refuseIfTaken(_ address: SocketAddressText) async throws {
        guard address.port != 0, let worker = workers.first else { return }
        let probe = try await ServerBootstrap(group: worker.eventLoop)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .bind(host: address.bindHost, port: Int(address.port)).get()
        try await probe.close().get()
    }

    /// - Parameter isSpread: There are fewer sockets than workers: connections go to all workers in turn, instead of
    ///   staying with the one that accepted them.
    private func bootstrap(
        _ worker: Worker, runtime: ListenerRuntime, redirectPort: UInt16?, isSpread: Bool = false
    ) -> ServerBootstrap {
        let workers = isSpread ? workers : [worker]
        let gate = ConnectionGate(challenges: challenges, logger: logger, journal: journal)
        return ServerBootstrap(group: worker.eventLoop, childGroup: isSpread ? group : worker.eventLoop)
            .serverChannelOption(.backlog, value: Bounds.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(Self.reusePort, value: 1)
            .serverChannelOption(.autoRead, value: false)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        AcceptPauseHandler(edge: worker.edge, isAdmin: runtime.isForOperators))
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.recvAllocator, value: Self.receiveBuffers)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let loop = workers.first(where: { $0.eventLoop === channel.eventLoop })?.state.value else {
                        throw ChannelError.operationUnsupported
                    }
                    if let metrics = runtime.metrics {
                        try gate.admitScraper(channel, listener: runtime, loop: loop, endpoint: metrics)
                    } else if let redirectPort {
                        try gate.admitPlain(channel, listener: runtime, loop: loop, port: redirectPort)
                    } else {
                        try gate.admit(channel, listener: runtime, loop: loop)
                    }
                }
            }
    }

    /// A connection keeps its receive buffer while it is idle: small, and no larger than two TLS records.
    private static let receiveBuffers = AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 2048, maximum: 32 << 10)

    /// NIO has no name for it.
    private static let reusePort = ChannelOptions.Types.SocketOption(
        level: .socket, name: .init(rawValue: SO_REUSEPORT))
}

/// What happens to a connection that was accepted.
struct ConnectionGate: Sendable {
    let challenges: PendingChallenges
    let logger: Logger
    let journal: HandshakeJournal

    func admitPlain(_ channel: any Channel, listener: ListenerRuntime, loop: LoopState, port: UInt16) throws {
        try door(channel, listener: listener, loop: loop) { _ in
            let ticket = loop.handshakeBegins(channel)
            return RedirectConnection(loop: loop, port: port, challenges: challenges) { _ = loop.handshakeEnds(ticket) }
        }
    }

    func admitScraper(
        _ channel: any Channel, listener: ListenerRuntime, loop: LoopState, endpoint: MetricsEndpoint
    ) throws {
        try door(channel, listener: listener, loop: loop) { _ in MetricsConnection(loop: loop, endpoint: endpoint) }
    }

    /// TLS first; the connection speaks HTTP under the configuration that its handshake was made under.
    func admit(_ channel: any Channel, listener: ListenerRuntime, loop: LoopState) throws {
        let view = loop.current
        guard let context = view.generation.tls[listener.name] else { return channel.close(promise: nil) }
        try door(channel, listener: listener, loop: loop) { entrant in
            if challenges.expectsHandshakes {
                challenge(channel, context, listener: listener, loop: loop, view: view, entrant: entrant)
            } else {
                accept(channel, context, listener: listener, loop: loop, view: view, entrant: entrant)
            }
        }
    }

    private func accept(
        _ channel: any Channel, _ context: ListenerTLSContext, listener: ListenerRuntime, loop: LoopState,
        view: GenerationView, entrant: Entrant
    ) -> TLSAcceptHandler {
        let ticket = loop.handshakeBegins(channel)
        let recheck = loop.recheck
        return TLSAcceptHandler(
            context: context, listener: listener.name, handshakeDeadline: entrant.timeLeft,
            peer: entrant.addresses.client,
            observed: { hello, fingerprint in
                loop.observe(hello, ja4: fingerprint.ja4, listener: listener.name)
            },
            mayBegin: entrant.pass.beginHandshake,
            established: { channel, established in
                if let reason = entrant.pass.established(established.identity) { throw ConnectionRefused(reason) }
                let session = ClientSession(
                    loop: loop, listener: listener, established: established, addresses: entrant.addresses, view: view,
                    pass: entrant.pass)
                // A throw makes it a refusal, which is counted below.
                let connection = try Self.speak(session, on: channel)
                _ = loop.handshakeEnds(ticket)
                if listener.admin == nil { entrant.pass.awaitRequest(connection, on: loop) }
                loop.counters.handshakes.add(1, ordering: .relaxed)
                loop.metrics.listener(named: listener.name).ended(refusal: nil, nanoseconds: entrant.nanoseconds)
                loop.observeHandshake(established.tls, listener: listener.name)
                if loop.recheck != recheck { connection.recheckIdentity() }
            },
            refused: { refusal in
                loop.counters.refusedHandshakes.add(1, ordering: .relaxed)
                loop.metrics.listener(named: listener.name)
                    .ended(refusal: refusal.reason, nanoseconds: entrant.nanoseconds)
                entrant.pass.offended(by: refusal.reason)
                // What the gate refuses is summed up.
                guard loop.handshakeEnds(ticket), !refusal.reason.isOfTheGate else { return }
                let client = entrant.addresses.client?.network?.ofOneClient
                if loop.refusalLines.admits(refusal.reason, of: client) { refusal.log(to: logger) }
                view.generation.audit?.note(refusal)
                remember(refusal, context: context, at: loop.wallClockSeconds())
            },
            finished: sample(listener.name, channel, loop))
    }

    /// The version of HTTP that was agreed in the handshake.
    private static func speak(_ session: ClientSession, on channel: any Channel) throws -> any SweptConnection {
        if session.established.tls.alpn == ListenerProtocol.http2.applicationProtocol {
            return try HTTP2ServerConnection.install(session, on: channel)
        }
        let connection = HTTP1ServerConnection(session: session)
        try channel.pipeline.syncOperations.addHandler(connection)
        return connection
    }

    /// In front of TLS while an ACME server may come to look.
    private func challenge(
        _ channel: any Channel, _ context: ListenerTLSContext, listener: ListenerRuntime, loop: LoopState,
        view: GenerationView, entrant: Entrant
    ) -> ChallengeAcceptHandler {
        let ticket = loop.handshakeBegins(channel)
        return ChallengeAcceptHandler(
            challenges: challenges, listener: listener.name, deadline: entrant.timeLeft,
            accept: { accept(channel, context, listener: listener, loop: loop, view: view, entrant: entrant) },
            ended: { ending in
                let isExpected = loop.handshakeEnds(ticket)
                switch ending {
                case .handedOn: return
                case .answered(let name): logger.info("ACME challenge looked at", metadata: ["name": "\(name)"])
                case .refused(let refusal):
                    loop.counters.refusedHandshakes.add(1, ordering: .relaxed)
                    loop.metrics.listener(named: listener.name)
                        .ended(refusal: refusal.reason, nanoseconds: entrant.nanoseconds)
                    if isExpected { refusal.log(to: logger) }
                }
            })
    }

    /// Why a chain was refused is worked out only when somebody asks.
    private func remember(_ refusal: HandshakeRefusal, context: ListenerTLSContext, at now: Int64) {
        guard let chain = refusal.record?.presented, !chain.isEmpty,
            let rules = context.policy(serverName: refusal.sni)?.context
        else { return journal.add(refusal, time: now) }
        journal.add(refusal, time: now) { rules.explain(presented: chain, at: now) }
    }

    /// Of the good handshakes of a loop the first can be explained, and every 64th after it.
    private func sample(
        _ listener: String, _ channel: any Channel, _ loop: LoopState
    ) -> ((HandshakeRecorder, EstablishedConnection) -> Void)? {
        guard loop.counters.handshakes.load(ordering: .relaxed) % 64 == 0 else { return nil }
        return { [journal] record, connection in
            journal.sample(
                ExplainedHandshake(
                    record, time: loop.wallClockSeconds(), listener: listener,
                    peer: PeerText.text(of: channel.remoteAddress),
                    outcome: .finished(client: connection.identity?.displayName)))
        }
    }
}

extension HandshakeRefusal {
    /// Refusals are for everybody to see; probes without a byte, such as a load balancer's, are not refusals.
    func log(to logger: Logger) {
        let metadata = Logger.Metadata(uniqueKeysWithValues: logMetadata.map { ($0.key, .string($0.value)) })
        logger.log(
            level: isSilentProbe ? .debug : .warning, Logger.Message(stringLiteral: "\(Self.logMessage)"),
            metadata: metadata)
    }
}

extension SocketAddressText {
    /// Every address of the machine, IPv6 and IPv4 alike, where the file names none.
    var bindHost: String { host.isEmpty ? "::" : host }
    var text: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
