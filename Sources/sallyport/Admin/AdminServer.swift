import FoundationEssentials
import Glibc
import NIOCore
import NIOPosix
import SallyportPKI
import Synchronization

/// The socket in the state directory through which commands reach the running gateway.
///
/// Who may write to it is decided by the file system (directory 0700, socket 0600) and, once more, by the user id of
/// the peer. One request per connection, bounded in length and time.
struct AdminServer: Sendable {
    private let channel: any Channel
    private let path: String
    private let temporary: String
    private let replies: AdminReplies

    typealias Handler = @Sendable (AdminRequest) async -> AdminReply
    /// Takes a connection over on which a process asked for the listening sockets.
    typealias Handover = @Sendable (_ socket: Int32) -> Void

    /// The name that the socket has until it takes its place. No longer than the name in the end.
    static func temporaryPath(in state: StateDirectory, of process: pid_t) -> String { "\(state.path)/.a\(process)" }

    /// Binds the socket under another name; `publish` puts it in its place.
    static func start(
        in state: StateDirectory, on group: any EventLoopGroup, handover: @escaping Handover,
        _ handler: @escaping Handler
    ) async throws -> AdminServer {
        let path = state.adminSocket
        guard path.utf8.count < MemoryLayout.size(ofValue: sockaddr_un().sun_path) else {
            throw CommandFailure(
                .failed, "the path of the admin socket is longer than the system allows (107 bytes): \(path)",
                fix: "choose a shorter state directory: --state DIR")
        }
        let temporary = temporaryPath(in: state, of: getpid())
        unlink(temporary)
        let replies = AdminReplies()
        let channel = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AdminConnection(handler, handover, replies))
                }
            }
            .bind(unixDomainSocketPath: temporary).get()
        chmod(temporary, 0o600)
        return AdminServer(channel: channel, path: path, temporary: temporary, replies: replies)
    }

    /// Commands come here from now on, without a moment in between in which they find nobody. Replaced is what the
    /// gateway before has there, or what one that crashed left behind; the caller holds the instance lock.
    func publish() throws(CommandFailure) {
        guard rename(temporary, path) == 0 else {
            throw CommandFailure(.failed, "\(path) cannot be put in its place: \(String(cString: strerror(errno)))")
        }
    }

    /// It is never going to be in its place.
    func discard() { unlink(temporary) }

    /// Takes no further request. Replies that are due are written first.
    ///
    /// - Parameter isReplaced: Another process has its own socket in this place.
    func stop(isReplaced: Bool) async {
        if !isReplaced { unlink(path) }
        for _ in 0..<100 where replies.count.load(ordering: .relaxed) > 0 {
            do { try await Task.sleep(for: .milliseconds(10)) } catch { break }
        }
        do { try await channel.close().get() } catch {
            Terminal.note("the admin socket did not close cleanly: \(error)")
        }
    }
}

/// Requests that have no reply yet.
private final class AdminReplies: Sendable {
    let count = Atomic<Int>(0)
}

/// One request and its reply.
private final class AdminConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let handler: AdminServer.Handler
    private let handover: AdminServer.Handover
    private let replies: AdminReplies
    private var received: [UInt8] = []
    private var deadline: Scheduled<Void>?
    /// Set once the peer is trusted.
    private var user: UInt32?
    private var isTrusted: Bool { user != nil }

    /// For the request to arrive whole.
    private static let limit = TimeAmount.seconds(5)

    init(_ handler: @escaping AdminServer.Handler, _ handover: @escaping AdminServer.Handover, _ replies: AdminReplies)
    {
        self.replies = replies
        self.handler = handler
        self.handover = handover
    }

    func channelActive(context: ChannelHandlerContext) {
        requireTrustedPeer(context)
        let channel = context.channel
        deadline = context.eventLoop.scheduleTask(in: Self.limit) { channel.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard deadline != nil else { return }
        guard isTrusted else { return context.close(promise: nil) }
        received += unwrapInboundIn(data).readableBytesView
        let line = received.prefix(AdminRequest.maximumSize)
        if let end = line.firstIndex(of: UInt8(ascii: "\n")) {
            deadline?.cancel()
            deadline = nil
            answer(Array(line[..<end]), on: context.channel)
        } else if received.count >= AdminRequest.maximumSize {
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func answer(_ line: [UInt8], on channel: any Channel) {
        switch Result(catching: { try JSONDecoder().decode(AdminRequest.self, from: Data(line)) }) {
        case .success(let request) where request.command == .handover:
            handOver(channel)
        case .success(var request):
            request.user = user
            Self.start(request, handler, replies, on: channel)
        case .failure:
            Self.send(
                AdminReply(.usage, messages: "the running gateway does not know this request: another version?"),
                on: channel)
        }
    }

    /// The conversation goes on without NIO, which knows nothing of descriptors.
    private func handOver(_ channel: any Channel) {
        do {
            let socket = try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(
                of: NIOBSDSocket.Handle.self
            ) {
                let copy = fcntl($0, F_DUPFD_CLOEXEC, 3)
                if copy >= 0 { _ = fcntl(copy, F_SETFL, fcntl(copy, F_GETFL) & ~O_NONBLOCK) }
                return copy
            }
            if let socket, socket >= 0 { handover(socket) }
        } catch {
            Terminal.note("the admin socket cannot be handed on: \(error)")
        }
        // Only this descriptor is closed; the connection lives on in the other one.
        channel.close(promise: nil)
    }

    private static func start(
        _ request: AdminRequest, _ handler: @escaping AdminServer.Handler, _ replies: AdminReplies,
        on channel: any Channel
    ) {
        // The connection of a `stop` is there to the end.
        let isAwaited = request.command != .stop
        if isAwaited { replies.count.add(1, ordering: .relaxed) }
        Task {
            let reply = await handler(request)
            if isAwaited { channel.closeFuture.whenComplete { _ in replies.count.subtract(1, ordering: .relaxed) } }
            send(reply, on: channel, keepingOpen: request.command == .stop)
        }
    }

    /// A connection that asked to stop is left open: it ends with the process, and that is what the command waits for.
    private static func send(_ reply: AdminReply, on channel: any Channel, keepingOpen: Bool = false) {
        var buffer = ByteBuffer()
        do {
            buffer.writeBytes(try JSONEncoder().encode(reply))
            buffer.writeInteger(UInt8(ascii: "\n"))
        } catch {
            return channel.close(promise: nil)
        }
        let written = channel.writeAndFlush(buffer)
        if !keepingOpen { written.whenComplete { _ in channel.close(promise: nil) } }
    }

    /// The peer's user has to be ours or root.
    private func requireTrustedPeer(_ context: ChannelHandlerContext) {
        guard let provider = context.channel as? any SocketOptionProvider else { return context.close(promise: nil) }
        let credentials: EventLoopFuture<PeerCredentials> = provider.unsafeGetSocketOption(
            level: .socket, name: .init(rawValue: SO_PEERCRED))
        credentials.assumeIsolated().whenComplete { [self] result in
            if case .success(let peer) = result, peer.user == geteuid() || peer.user == 0 {
                user = peer.user
            } else {
                context.close(promise: nil)
            }
        }
    }
}

/// `struct ucred` of `unix(7)`.
struct PeerCredentials {
    var process: Int32 = 0
    var user: UInt32 = 0
    var group: UInt32 = 0
}
