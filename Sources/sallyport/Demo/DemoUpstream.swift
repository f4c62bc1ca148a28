import NIOCore
import NIOPosix
import SallyportHTTP
import SallyportModel

/// The service behind the demo's gateway: greets the client by the name that the gateway proved.
struct DemoUpstream: Sendable {
    private let channel: any Channel

    var port: UInt16 { UInt16(channel.localAddress?.port ?? 0) }

    /// Listens on loopback.
    static func start(port: UInt16, on group: any EventLoopGroup) async throws -> DemoUpstream {
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(DemoConnection())
                }
            }
            .bind(host: "127.0.0.1", port: Int(port)).get()
        return DemoUpstream(channel: channel)
    }
}

enum LoopbackPort {
    /// The preferred port, or one that the system finds, on 127.0.0.1. It is free when this returns; nobody holds it.
    static func free(preferring port: UInt16, on group: any EventLoopGroup) async throws(CommandFailure) -> UInt16 {
        for candidate in [port, 0] {
            do {
                let probe = try await ServerBootstrap(group: group)
                    .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                    .bind(host: "127.0.0.1", port: Int(candidate)).get()
                let found = probe.localAddress?.port
                try await probe.close().get()
                if let found { return UInt16(clamping: found) }
            } catch {
                continue
            }
        }
        throw CommandFailure(.failed, "no port is free on 127.0.0.1")
    }
}

/// Answers each request once it is read whole; whatever its body says.
private final class DemoConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var parser = RequestParser(limits: HTTPLimits())
    private var head: RequestHead?

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var input = unwrapInboundIn(data)
        while input.readableBytes > 0 || head != nil {
            let (consumed, event) = input.withUnsafeReadableBytes { parser.next($0.bytes) }
            input.moveReaderIndex(forwardBy: consumed)
            switch event {
            case .needMore: return
            case .head(let parsed): head = parsed
            case .body: continue
            case .end: reply(context)
            case .refused(let reason):
                return reply(context, status: "400 Bad Request", "\(reason.title)\n", close: true)
            }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func reply(_ context: ChannelHandlerContext) {
        guard let head = head.take() else { return }
        let client = ForwardedClient(xfcc: head.values(of: "x-forwarded-client-cert").first ?? "")
        reply(
            context, status: "200 OK", "hello \(client.name ?? "stranger")\n", close: !head.keepAlive,
            isHEAD: head.isHEAD)
    }

    private func reply(
        _ context: ChannelHandlerContext, status: String, _ body: String, close: Bool, isHEAD: Bool = false
    ) {
        let head = """
            HTTP/1.1 \(status)\r
            content-type: text/plain; charset=utf-8\r
            content-length: \(body.utf8.count)\r
            connection: \(close ? "close" : "keep-alive")\r
            \r\n
            """
        let written = context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: isHEAD ? head : head + body)))
        if close { written.assumeIsolated().whenComplete { _ in context.close(promise: nil) } }
    }
}

/// The client as the gateway tells of it in X-Forwarded-Client-Cert.
struct ForwardedClient {
    /// The common name of the subject.
    let name: String?

    /// - Parameter xfcc: `By=…;Hash=…;Subject="CN=alice,O=…";URI=…`
    init(xfcc: String) {
        guard let subject = xfcc.firstRange(of: "Subject=\"") else {
            name = nil
            return
        }
        let rest = xfcc[subject.upperBound...]
        let quoted = rest.firstIndex(of: "\"").map { rest[..<$0] } ?? ""
        name = quoted.split(separator: ",").first { $0.hasPrefix("CN=") }.map { String($0.dropFirst(3)) }
    }
}
