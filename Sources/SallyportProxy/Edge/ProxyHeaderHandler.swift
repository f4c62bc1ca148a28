import NIOCore
import SallyportEdge
import SallyportModel

/// Whose connection it is: the ends that the client saw.
struct ClientAddresses {
    var client: SocketAddress?
    var local: SocketAddress?

    init(_ channel: any Channel) {
        client = channel.remoteAddress
        local = channel.localAddress
    }

    /// As the load balancer says, where it speaks for somebody.
    init(_ header: ProxyHeader, on channel: any Channel) {
        self.init(channel)
        guard let addresses = header.addresses, let source = SocketAddress(addresses.source),
            let destination = SocketAddress(addresses.destination)
        else { return }
        client = source
        local = destination
    }
}

extension SocketAddress {
    init?(_ endpoint: ProxyHeader.Endpoint) {
        do {
            try self.init(packedIPAddress: ByteBuffer(bytes: endpoint.address), port: Int(endpoint.port))
        } catch {
            return nil
        }
    }

    /// For a header of ours.
    var proxyEndpoint: ProxyHeader.Endpoint? {
        guard let bytes = ipBytes else { return nil }
        let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]
        let plain = bytes.starts(with: mapped) ? Array(bytes.suffix(4)) : bytes
        return ProxyHeader.Endpoint(address: plain, port: UInt16(clamping: port ?? 0))
    }
}

/// First on a connection from a trusted load balancer: takes the PROXY header off, then makes room for who comes next.
final class ProxyHeaderHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    enum Ending {
        case handedOn
        /// Nil: the peer left without a byte, as probes do.
        case refused(ProxyFault?)
    }

    private var reader = ProxyHeaderReader()
    private let deadline: NIODeadline
    /// Adds what is to stand behind this handler; throws when the client is not taken.
    private let next: (ProxyHeader) throws -> any ChannelHandler
    private var ended: ((Ending) -> Void)?
    private var timer: Scheduled<Void>?
    private var isSilent = true

    init(
        deadline: NIODeadline, next: @escaping (ProxyHeader) throws -> any ChannelHandler,
        ended: @escaping (Ending) -> Void
    ) {
        self.deadline = deadline
        self.next = next
        self.ended = ended
    }

    func handlerAdded(context: ChannelHandlerContext) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [self] in
            refuse(isSilent ? nil : ProxyFault(.proxyHeaderMissing, "the header was not whole in time"), context)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
        ended.take()?(.refused(nil))
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        guard ended != nil else { return }
        isSilent = false
        switch reader.read(bytes.readableBytesView) {
        case .needMore: return
        case .refused(let fault): refuse(fault, context)
        case .header(let header, let consumed):
            bytes.moveReaderIndex(forwardBy: consumed)
            handOn(header, rest: bytes, context)
        }
    }

    private func handOn(_ header: ProxyHeader, rest: ByteBuffer, _ context: ChannelHandlerContext) {
        do {
            let handler = try next(header)
            ended.take()?(.handedOn)
            try context.pipeline.syncOperations.addHandler(handler, position: .after(self))
        } catch {
            ended.take()?(.handedOn)
            return context.close(promise: nil)
        }
        if rest.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(rest)) }
        context.fireChannelReadComplete()
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    private func refuse(_ fault: ProxyFault?, _ context: ChannelHandlerContext) {
        ended.take()?(.refused(fault))
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        ended.take()?(.refused(isSilent ? nil : ProxyFault(.proxyHeaderMissing, "the connection ended in the header")))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

extension ProxyHeaderHandler {
    typealias InboundOut = ByteBuffer
}
