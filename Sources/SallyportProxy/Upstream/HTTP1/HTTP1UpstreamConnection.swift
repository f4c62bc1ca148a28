import NIOCore
import SallyportHTTP
import SallyportModel
import SallyportTLS

/// One HTTP/1.1 connection to a target: parses responses and hands them to the exchange that holds it.
///
/// A connection that nobody holds must stay silent. Bytes that arrive then answer a question that was not asked
/// (response splitting, or a server that lied about a length), so it is closed and never used again.
final class HTTP1UpstreamConnection: ChannelInboundHandler, UpstreamStream {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let target: Int
    /// The pool and its idle connections hold each other until the pool is retired, which empties it.
    private let pool: TargetPool
    private var context: ChannelHandlerContext? { output.context }
    /// Whoever holds the connection. Let go of by `release`, `close` and failure; one of them always comes.
    private var delegate: (any UpstreamDelegate)?
    private var parser: ResponseParser
    private let output = ChannelOutput()
    private var loop: LoopState { pool.loop }
    /// Frames the request that is under way.
    private var requestBody = BodyWriter(.none)
    private var isTunnel = false
    /// The head of the final response was passed on.
    private var responseBegan = false
    private var responseKeepsAlive = false
    private var isReading = true
    private var isUsable = true
    private var failure: Reason?
    /// It ended with an error: a reset, or TLS without close_notify. Such an end is no end of a message.
    private var isTorn = false
    /// When the pool closes it if nobody has used it.
    var idleUntil = NIODeadline.distantFuture

    init(target: Int, pool: TargetPool, limits: HTTPLimits) {
        self.target = target
        self.pool = pool
        parser = ResponseParser(limits: limits)
    }

    var isIdleAndUsable: Bool { isUsable && delegate == nil && context?.channel.isActive == true }
    var isWritable: Bool { output.isWritable }

    // MARK: the exchange's side

    func attach(_ delegate: any UpstreamDelegate) {
        self.delegate = delegate
        responseBegan = false
    }

    func sendHead(_ request: RequestHead, _ forwarding: RequestForwarding) {
        parser.expect(request.methodKind, tunnel: request.tunnel)
        requestBody = BodyWriter(forwarding.framing)
        loop.scratch.removeAll(keepingCapacity: true)
        writeRequest(request, forwarding, into: &loop.scratch)
        output.write(loop.scratch)
    }

    func sendBody(_ piece: ByteBuffer) -> Bool {
        loop.scratch.removeAll(keepingCapacity: true)
        guard requestBody.prefix(forChunkOf: piece.readableBytes, into: &loop.scratch) else { return false }
        if !loop.scratch.isEmpty { output.write(loop.scratch) }
        output.write(piece)
        loop.scratch.removeAll(keepingCapacity: true)
        requestBody.suffix(into: &loop.scratch)
        if !loop.scratch.isEmpty { output.write(loop.scratch) }
        return true
    }

    /// Trailers stay here: a server that does not know them takes them for the next request, and nothing in HTTP/1.1 tells
    /// beforehand whether it knows them. A recipient may always leave them out (RFC 9110 §6.5.1).
    func sendEnd(_: Trailers?) -> Bool {
        loop.scratch.removeAll(keepingCapacity: true)
        guard requestBody.finish(into: &loop.scratch) else { return false }
        if !loop.scratch.isEmpty { output.write(loop.scratch) }
        return true
    }

    func flush() { output.flush() }

    /// Reading stops while the client can't take more.
    func setReading(_ reading: Bool) {
        guard reading != isReading else { return }
        isReading = reading
        context?.channel.setReading(reading)
    }

    /// The exchange is done with the connection.
    func release(keep: Bool) {
        delegate = nil
        guard keep, isUsable, pool.takeBack(self) else { return isTunnel ? closeWritten() : close() }
        setReading(true)
    }

    /// What a tunnel was given to write still goes out: its last words are often what matters.
    private func closeWritten() {
        isUsable = false
        guard let context else { return }
        output.flush()
        let channel = context.channel
        channel.writeAndFlush(ByteBuffer()).whenComplete { _ in channel.close(promise: nil) }
    }

    func close() {
        isUsable = false
        delegate = nil
        context?.close(promise: nil)
    }

    // MARK: the channel's side

    func handlerAdded(context: ChannelHandlerContext) { output.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { output.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        while isUsable || delegate != nil {
            guard delegate != nil else {
                if bytes.readableBytes > 0 { close() }
                return
            }
            let (consumed, event) = parser.next(bytes.readableBytesSpan)
            let piece = bytes.readSlice(length: consumed)
            guard deliver(event, from: piece, more: bytes.readableBytes > 0) else { return }
        }
    }

    /// False when nothing more can be made of the bytes at hand.
    private func deliver(_ event: ResponseEvent, from consumed: ByteBuffer?, more: Bool) -> Bool {
        switch event {
        case .needMore:
            return false
        case .head(let head):
            if !head.isInterim {
                responseBegan = true
                responseKeepsAlive = head.keepAlive
                if head.opensTunnel { openTunnel() }
            }
            delegate?.upstreamHead(head)
            return true
        case .body(let range):
            if let consumed, let piece = consumed.getSlice(at: consumed.readerIndex + range.lowerBound, length: range.count) {
                delegate?.upstreamBody(piece)
            }
            return true
        case .end(let trailers):
            // Whatever follows the end of the only response that was asked for makes the connection unusable.
            if more { isUsable = false }
            delegate?.upstreamEnd(trailers, keepAlive: responseKeepsAlive && isUsable)
            return false
        case .refused(let reason):
            fail(reason)
            return false
        }
    }

    private func openTunnel() {
        isTunnel = true
        requestBody = BodyWriter(.untilClose)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        delegate?.upstreamReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        delegate?.upstreamWritabilityChanged(context.channel.isWritable)
    }

    func channelInactive(context: ChannelHandlerContext) {
        isUsable = false
        if let delegate {
            if responseBegan, !isTorn, case .end = parser.inputClosed() {
                delegate.upstreamEnd(nil, keepAlive: false)
            } else {
                fail(failure ?? (responseBegan ? .upstreamTruncated : .upstreamClosed))
            }
            delegate.upstreamReadComplete()
        } else {
            pool.forget(self)
        }
        pool.closed()
        context.fireChannelInactive()
    }

    /// The last handler of the pipeline: an error ends the connection (NIO itself would keep it).
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        isTorn = true
        if failure == nil, let explained = UpstreamTLSFailure(error) {
            failure = explained.reason
            pool.report(explained)
        }
        isUsable = false
        context.close(promise: nil)
    }

    private func fail(_ reason: Reason) {
        isUsable = false
        let delegate = self.delegate
        self.delegate = nil
        context?.close(promise: nil)
        delegate?.upstreamFailed(UpstreamFailure(reason))
    }
}

extension Channel {
    /// Turns reading on or off without a hop. The option can't fail on a socket that is open, and on one that is
    /// closed it has no meaning.
    func setReading(_ reading: Bool) {
        do { try syncOptions?.setOption(.autoRead, value: reading) } catch { close(promise: nil) }
        if reading { read() }
    }
}
