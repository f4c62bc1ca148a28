import FoundationEssentials
import Glibc
import NIOCore
import NIOPosix

/// The socket in the state directory through which commands reach the running gateway.
///
/// Who may write to it is decided by the file system (directory 0700, socket 0600) and, once more, by the user id of
/// the peer. One request per connection, bounded in length and time.
struct AdminServer: Sendable {
    private let channel: any Channel
    private let path: String

    typealias Handler = @Sendable (AdminRequest) async -> AdminReply

    /// Binds the socket. A file that an earlier gateway left behind is removed; the caller holds the instance lock, so
    /// nobody listens on it.
    static func start(path: String, on group: any EventLoopGroup, _ handler: @escaping Handler) async throws
        -> AdminServer
    {
        guard path.utf8.count < MemoryLayout.size(ofValue: sockaddr_un().sun_path) else {
            throw CommandFailure(
                .failed, "the path of the admin socket is longer than the system allows (107 bytes): \(path)",
                fix: "choose a shorter state directory: --state DIR")
        }
        unlink(path)
        let channel = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AdminConnection(handler))
                }
            }
            .bind(unixDomainSocketPath: path).get()
        chmod(path, 0o600)
        return AdminServer(channel: channel, path: path)
    }

    /// Takes no further request.
    func stop() async {
        unlink(path)
        do { try await channel.close().get() } catch {
            Terminal.note("the admin socket did not close cleanly: \(error)")
        }
    }
}

/// One request and its reply.
private final class AdminConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let handler: AdminServer.Handler
    private var received: [UInt8] = []
    private var deadline: Scheduled<Void>?
    private var isTrusted = false

    /// For the request to arrive whole.
    private static let limit = TimeAmount.seconds(5)

    init(_ handler: @escaping AdminServer.Handler) {
        self.handler = handler
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
        case .success(let request):
            Self.start(request, handler, on: channel)
        case .failure:
            Self.send(
                AdminReply(.usage, messages: "the running gateway does not know this request: another version?"),
                on: channel)
        }
    }

    private static func start(
        _ request: AdminRequest, _ handler: @escaping AdminServer.Handler, on channel: any Channel
    ) {
        Task {
            let reply = await handler(request)
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
                isTrusted = true
            } else {
                context.close(promise: nil)
            }
        }
    }
}

/// `struct ucred` of `unix(7)`.
private struct PeerCredentials {
    var process: Int32 = 0
    var user: UInt32 = 0
    var group: UInt32 = 0
}
