import Glibc
import NIOCore
import SallyportEdge

/// Stands on a listening socket: lets connections wait in the kernel's queue while the process has too many files open,
/// and after the system refused one. Whoever accepts in spite of that spins: the socket stays readable.
final class AcceptPauseHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = any Channel
    typealias OutboundIn = any Channel

    private let edge: EdgeState
    private let isAdmin: Bool
    private var pauseUntil = NIODeadline.distantPast
    private var retry: Scheduled<Void>?

    /// How often it looks whether files have been closed.
    private static let pause = TimeAmount.milliseconds(100)

    init(edge: EdgeState, isAdmin: Bool) {
        self.edge = edge
        self.isAdmin = isAdmin
    }

    func read(context: ChannelHandlerContext) {
        guard retry == nil else { return }
        let now = NIODeadline.now()
        if edge.mustWait(isAdmin: isAdmin) {
            edge.count(.files, isAdmin: isAdmin)
            pauseUntil = now + Self.pause
        }
        guard now >= pauseUntil else { return wait(context) }
        context.read()
    }

    private func wait(_ context: ChannelHandlerContext) {
        retry = context.eventLoop.assumeIsolated().scheduleTask(deadline: pauseUntil) { [self] in
            retry = nil
            // Nobody may want connections any more: the sockets were handed over, or the gateway ends.
            if accepts(context.channel) { read(context: context) }
        }
    }

    private func accepts(_ channel: any Channel) -> Bool {
        do { return try channel.syncOptions?.getOption(.autoRead) ?? false } catch { return false }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? IOError else { return context.fireErrorCaught(error) }
        pauseUntil = .now() + Self.pause
        if [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(error.errnoCode) { edge.count(.files, isAdmin: isAdmin) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        retry?.cancel()
        retry = nil
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        retry?.cancel()
        retry = nil
    }
}
