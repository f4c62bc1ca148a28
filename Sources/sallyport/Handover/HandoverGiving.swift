import Dispatch
import Glibc
import SallyportConfig
import SallyportPKI
import SallyportProxy
import Synchronization

/// The running gateway's side: gives its listening sockets to one process that asks, and learns whether that one serves.
///
/// Nothing changes here until the other process has said that it accepts connections. Whatever goes wrong before, this
/// gateway goes on as it was; the queues of the sockets were its own all the time.
final class HandoverGiving: Sendable {
    private let gateway: Gateway
    private let lock: Int32
    private let state: StateDirectory
    private let phase = Mutex(Phase.idle)

    private enum Phase { case idle, giving, given }

    /// For each step of the new process but the first.
    private static let limit = Duration.seconds(10)
    /// For the new process to build everything.
    private static let patience = Duration.seconds(120)

    /// - Parameter lock: The descriptor of the state directory's lock.
    init(gateway: Gateway, lock: Int32, state: StateDirectory) {
        self.gateway = gateway
        self.lock = lock
        self.state = state
    }

    /// Whether the configuration had better stay as it is.
    var isBusy: Bool { phase.withLock { $0 != .idle } }

    /// Runs one conversation to its end.
    ///
    /// - Parameters:
    ///   - socket: A connection whose peer is of the same user; taken over.
    ///   - serving: Called once the other process serves, with its number, before it has the admin socket.
    /// - Returns: the other process, once it has taken over.
    func give(
        over socket: Int32, serving: @escaping @Sendable (pid_t) -> Void
    ) async -> Result<pid_t, HandoverFailure> {
        guard
            phase.withLock({ phase in
                defer { if phase == .idle { phase = .giving } }
                return phase == .idle
            })
        else {
            close(socket)
            return .failure(.malformed("a second hand-over at the same time"))
        }
        let result = await conversation(socket, serving)
        phase.withLock { phase in if case .success = result { phase = .given } else { phase = .idle } }
        return result
    }

    private func conversation(
        _ socket: Int32, _ serving: @escaping @Sendable (pid_t) -> Void
    ) async -> Result<pid_t, HandoverFailure> {
        let sockets: [InheritedSocket]
        do throws(GatewayError) { sockets = try await gateway.sharedSockets() } catch {
            close(socket)
            return .failure(.malformed("\(error)"))
        }
        let (peer, lock) = (Self.peer(of: socket), lock)
        let channel = DescriptorChannel(taking: socket, limit: Self.patience)
        let isReady = await Self.blocking { () throws(HandoverFailure) in
            defer { for socket in sockets { close(socket.descriptor) } }
            try Self.send(sockets, lock: lock, over: channel)
            try channel.expect(.ready)
        }
        if case .failure(let failure) = isReady { return .failure(failure) }
        // Two processes never accept from one socket at the same time.
        await gateway.pause()
        let isServing = await Self.blocking { () throws(HandoverFailure) in
            channel.limit(Self.limit)
            try channel.send(.go)
            try channel.expect(.serving)
            serving(peer)
            Self.awaitAdoption(channel)
        }
        if case .failure(let failure) = isServing {
            await gateway.unpause()
            return .failure(failure)
        }
        return .success(peer)
    }

    private static func blocking(
        _ work: @escaping @Sendable () throws(HandoverFailure) -> Void
    ) async -> Result<Void, HandoverFailure> {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(returning: Result { () throws(HandoverFailure) in try work() })
            }
        }
    }

    private static func send(
        _ sockets: [InheritedSocket], lock: Int32, over channel: DescriptorChannel
    ) throws(HandoverFailure) {
        try channel.send(HandoverMessage(sockets).encoded())
        var rest = ([lock] + sockets.map(\.descriptor))[...]
        while !rest.isEmpty {
            try channel.send(descriptors: Array(rest.prefix(DescriptorChannel.mostPerMessage)))
            rest = rest.dropFirst(DescriptorChannel.mostPerMessage)
        }
    }

    /// The other one serves; whether it says the rest changes nothing.
    private static func awaitAdoption(_ channel: DescriptorChannel) {
        do throws(HandoverFailure) { try channel.expect(.adopted) } catch {
            Terminal.note("the new process did not say that it has the admin socket: \(error)")
        }
    }

    private static func peer(of socket: Int32) -> pid_t {
        var credentials = PeerCredentials()
        var length = socklen_t(MemoryLayout<PeerCredentials>.size)
        guard getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0 else { return 0 }
        return credentials.process
    }
}
