import NIOCore
import SallyportHTTP
import SallyportModel

/// A plain HTTP connection to the metrics listener: one head, one answer, and the end.
final class MetricsConnection: ChannelInboundHandler, SweptConnection {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let loop: LoopState
    private let endpoint: MetricsEndpoint
    private var parser = RequestParser(limits: HTTPLimits(startLine: 2048, fieldLine: 4096, headers: 8192, headerCount: 64))
    private var context: ChannelHandlerContext?
    /// Of everything, from the first byte to the last.
    private var until: NIODeadline
    private var isAnswered = false
    private let isAdmitted: Bool
    var registryIndex = -1

    private static let patience = TimeAmount.seconds(10)

    init(loop: LoopState, endpoint: MetricsEndpoint) {
        self.loop = loop
        self.endpoint = endpoint
        isAdmitted = endpoint.entered()
        until = .now() + Self.patience
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop.register(self)
        if !isAdmitted { context.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        loop.unregister(self)
        self.context = nil
        if isAdmitted { endpoint.left() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        while !isAnswered {
            let (consumed, event) = parser.next(bytes.readableBytesSpan)
            bytes.moveReaderIndex(forwardBy: consumed)
            switch event {
            case .needMore: return
            case .head(let head): take(head, context)
            case .body, .end: return
            case .refused(let reason): refuse(LocalReply(reason))
            }
        }
    }

    private func take(_ head: RequestHead, _ context: ChannelHandlerContext) {
        guard head.methodKind == .get || head.methodKind == .head else {
            return refuse(LocalReply(.methodNotAllowed, fields: [("allow", "GET, HEAD")]))
        }
        guard isDirect(head.host, context.channel) else { return refuse(LocalReply(.wrongHost)) }
        isAnswered = true
        let path = head.text(head.path)
        let isVerbose = head.query.map { head.text($0).split(separator: "&").contains { $0.hasPrefix("verbose") } } ?? false
        let accept = head.values(of: "accept")
        let (endpoint, eventLoop, isHEAD) = (endpoint, loop.eventLoop, head.isHEAD)
        let this = NIOLoopBound(self, eventLoop: eventLoop)
        Task {
            let answer = await endpoint.answer(path: path, isVerbose: isVerbose, accept: accept)
            eventLoop.execute { this.value.send(answer, withContent: !isHEAD) }
        }
    }

    /// A page of a stranger can have its name lead to this machine, and then read what only this machine is to read. On
    /// a loopback address nobody needs another name than an address, or `localhost`.
    private func isDirect(_ host: String, _ channel: any Channel) -> Bool {
        guard let local = channel.localAddress?.ipBytes, Self.isLoopback(local) else { return true }
        if host == "localhost" || host.hasPrefix("[") { return true }
        do { return try SocketAddress(ipAddress: host, port: 0).ipBytes != nil } catch { return false }
    }

    private static func isLoopback(_ address: [UInt8]) -> Bool {
        address.count == 4 ? address[0] == 127 : address.dropLast().allSatisfy { $0 == 0 } && address.last == 1
    }

    private func send(_ answer: MetricsEndpoint.Answer?, withContent: Bool) {
        guard let answer else { return refuse(LocalReply(.noRoute)) }
        var reply = Array(
            """
            HTTP/1.1 \(answer.status) \(answer.status == 200 ? "OK" : "Service Unavailable")\r
            content-type: \(answer.contentType)\r
            content-length: \(answer.body.count)\r
            cache-control: no-store\r
            x-content-type-options: nosniff\r
            connection: close\r\n
            """.utf8)
        reply += loop.dateField()
        reply += Array("\r\n".utf8)
        if withContent { reply += answer.body }
        finish(reply)
    }

    private func refuse(_ refusal: LocalReply) {
        isAnswered = true
        var reply: [UInt8] = []
        LocalReplyWriter(close: true, date: loop.dateField())
            .write(refusal, requestID: loop.nextRequestID().description, into: &reply)
        finish(reply)
    }

    private func finish(_ reply: [UInt8]) {
        guard let context else { return }
        context.writeAndFlush(NIOAny(ByteBuffer(bytes: reply)), promise: nil)
        context.close(mode: .output, promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func recheckIdentity() {}

    func sweep(now: NIODeadline) {
        if until <= now { close() }
    }

    func close() { context?.close(promise: nil) }
}
