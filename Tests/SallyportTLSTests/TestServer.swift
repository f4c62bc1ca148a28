import Foundation
import NIOCore
import NIOPosix
import SallyportConfig
import SallyportModel
import SallyportPKI
import Synchronization

@testable import SallyportTLS

/// A listener on loopback that shakes hands and then tells the client who it takes it for.
final class TestServer: Sendable {
    let port: Int
    private let channel: any Channel
    private let events: Events

    /// What the handler reported, in order.
    final class Events: Sendable {
        let list = Mutex<[Event]>([])
    }

    enum Event: Sendable {
        case established(EstablishedConnection)
        case refused(HandshakeRefusal)
    }

    init(context: @escaping @Sendable () -> ServerTLSContext, deadline: TimeAmount = .seconds(5)) async throws {
        let events = Events()
        self.events = events
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        Self.handler(context(), deadline: deadline, events: events))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
    }

    private static func handler(
        _ context: ServerTLSContext, deadline: TimeAmount, events: Events
    ) -> TLSAcceptHandler {
        TLSAcceptHandler(
            context: .only(context), listener: "test", handshakeDeadline: deadline,
            established: { channel, connection in
                events.list.withLock { $0.append(.established(connection)) }
                try channel.pipeline.syncOperations.addHandler(WhoAmI(connection))
            },
            refused: { refusal in events.list.withLock { $0.append(.refused(refusal)) } })
    }

    /// What was reported, once there is as much of it; fewer when the time passes.
    func events(_ count: Int = 1, within limit: Duration = .seconds(2)) async throws -> [Event] {
        let end = ContinuousClock.now + limit
        while ContinuousClock.now < end {
            let list = events.list.withLock { $0 }
            if list.count >= count { return list }
            try await Task.sleep(for: .milliseconds(10))
        }
        return events.list.withLock { $0 }
    }

    /// The only event, a refusal.
    func refusal() async throws -> HandshakeRefusal? {
        let events = try await events()
        if events.count == 1, case .refused(let refusal) = events[0] { return refusal }
        return nil
    }

    func close() async throws { try await channel.close() }
}

/// Answers the first bytes with one line about the connection and closes.
final class WhoAmI: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private let connection: EstablishedConnection

    init(_ connection: EstablishedConnection) { self.connection = connection }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let text =
            "you are \(connection.identity?.displayName ?? "nobody") resumed=\(connection.tls.resumed) "
            + "\(connection.tls.version.rawValue) alpn=\(connection.tls.alpn ?? "-") sni=\(connection.sni ?? "-")\n"
        context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(string: text)), promise: nil)
        context.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

extension ListenerTLSContext {
    /// One set of rules for every name.
    static func only(_ context: ServerTLSContext) -> ListenerTLSContext {
        let plan = ListenerTLSPlan(ListenerTLS(profile: Builtin.profile, certificate: .builtin(names: [])))
        return ListenerTLSContext(plan) { _ in context }
    }
}
