import NIOCore
import NIOPosix
import SallyportConfig
import SallyportModel
import SallyportPKI
import SallyportTLS

/// Keeps a connection to the shared counters, on one event loop. It is usable only when login and a first command have
/// worked; between two attempts nobody waits for anything. That makes it the circuit breaker as well.
final class ClusterLink {
    private enum Phase {
        case apart
        case connecting
        case greeting(ClusterConnection)
        case usable(ClusterConnection)
        case stopped
    }

    private let target: ClusterTarget
    private let loop: any EventLoop
    private var phase = Phase.apart
    private var pause = ReconnectPause()
    private var random = SystemRandomNumberGenerator()
    /// Tells whether the link can be used from now on, or why it cannot.
    private let changed: (Result<Void, ClusterFailure>) -> Void

    /// For a connection with TLS.
    private static let connectTime = TimeAmount.seconds(2)
    private static let greetingTime = TimeAmount.seconds(2)
    /// For a command; a request waits for less.
    static let commandTime = TimeAmount.milliseconds(200)

    init(_ target: ClusterTarget, on loop: any EventLoop, changed: @escaping (Result<Void, ClusterFailure>) -> Void) {
        self.target = target
        self.loop = loop
        self.changed = changed
    }

    /// Sends a command if there is a connection; says at once that there is none otherwise.
    func send(_ command: RESPCommand, _ completion: @escaping ReplyQueue.Completion) {
        guard case .usable(let connection) = phase else {
            return completion(.failure(ClusterFailure(.clusterUnreachable, "there is no connection")))
        }
        connection.send(command, within: Self.commandTime, completion)
    }

    func connect() {
        guard case .apart = phase else { return }
        phase = .connecting
        let channel = ClientBootstrap(group: loop)
            .connectTimeout(Self.connectTime)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.allowRemoteHalfClosure, value: false)
            .connect(host: target.host, port: target.port)
        channel.assumeIsolated().whenComplete { [self] result in
            switch result {
            case .success(let channel): take(channel)
            case .failure(let error): lost(ClusterFailure(.clusterUnreachable, Self.words(error)))
            }
        }
    }

    func stop() {
        let last = phase
        phase = .stopped
        switch last {
        case .greeting(let connection), .usable(let connection):
            connection.end(ClusterFailure(.clusterUnreachable, "the gateway stops"))
        case .apart, .connecting, .stopped: break
        }
    }

    // MARK: the way to a usable connection

    private func take(_ channel: any Channel) {
        guard case .connecting = phase else { return channel.close(promise: nil) }
        let connection = ClusterConnection { [self] failure in lost(failure) }
        phase = .greeting(connection)
        do {
            try channel.pipeline.syncOperations.addHandler(connection)
            guard let tls = target.tls else { return greet(connection) }
            try secure(channel, tls, connection)
        } catch {
            connection.end(ClusterFailure(.clusterUnreachable, "\(error)"))
        }
    }

    private func secure(_ channel: any Channel, _ tls: UpstreamTLSContext, _ connection: ClusterConnection) throws {
        let timer = loop.assumeIsolated().scheduleTask(in: Self.connectTime) {
            connection.end(ClusterFailure(.clusterUnreachable, "TLS took longer than \(Self.connectTime)"))
        }
        let peer = UpstreamTarget(scheme: .https, host: target.host, port: UInt16(clamping: target.port))
        let handler = try tls.makeHandler(target: peer, protocols: []) { [self] result in
            timer.cancel()
            switch result {
            case .success: greet(connection)
            case .failure(let failure):
                let words = "\(failure.reason.name) \(failure.reason.title): \(failure.detail)"
                connection.end(ClusterFailure(.clusterUnreachable, words))
            }
        }
        try channel.pipeline.syncOperations.addHandler(handler, position: .first)
    }

    private func greet(_ connection: ClusterConnection) {
        connection.send(target.greeting, within: Self.greetingTime) { [self] result in
            switch result {
            case .success(.map): becameUsable(connection)
            case .success: connection.end(ClusterFailure(.clusterMalformed, "HELLO was not answered with a map"))
            case .failure(let failure): connection.end(failure)
            }
        }
    }

    private func becameUsable(_ connection: ClusterConnection) {
        guard case .greeting = phase else { return }
        phase = .usable(connection)
        pause.reset()
        changed(.success(()))
    }

    private func lost(_ failure: ClusterFailure) {
        if case .stopped = phase { return }
        phase = .apart
        changed(.failure(failure))
        loop.assumeIsolated().scheduleTask(in: pause.next(using: &random)) { [weak self] in self?.connect() }
    }

    private static func words(_ error: any Error) -> String {
        guard let error = error as? NIOConnectionError else { return "\(error)" }
        return error.connectionErrors.first.map { "\($0.error)" } ?? "the name \(error.host) cannot be resolved"
    }
}
