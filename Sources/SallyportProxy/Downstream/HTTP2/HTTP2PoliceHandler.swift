import NIOCore
import SallyportHTTP

/// Stands between TLS and the library's framing: has `HTTP2FramePolicer` look at every frame header before anything is
/// kept or decoded, and hands requests on in turns.
final class HTTP2PoliceHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private(set) var policer: HTTP2FramePolicer
    private var context: ChannelHandlerContext?
    /// What has to wait for the next turn.
    private var held: ByteBuffer?
    /// Bytes that may still be thrown away; nil while they mean something.
    private var discarding: Int?
    /// The frame or header block that is unfinished, and since when.
    private var unfinished: (number: UInt64, since: NIODeadline)?
    /// Called once.
    var refused: ((HTTP2Refusal) -> Void)?

    init(now: NIODeadline) {
        policer = HTTP2FramePolicer(now: now.uptimeNanoseconds)
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        held = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if let left = discarding { return discard(bytes.readableBytes, left, context) }
        guard held == nil else {
            held?.writeBuffer(&bytes)
            return
        }
        policer.turn()
        handOn(bytes, context)
    }

    private func handOn(_ input: ByteBuffer, _ context: ChannelHandlerContext) {
        var bytes = input
        let now = NIODeadline.now()
        let (passed, verdict) = policer.inspect(bytes.readableBytesSpan, now: now.uptimeNanoseconds)
        note(now)
        if passed > 0, let good = bytes.readSlice(length: passed) { context.fireChannelRead(wrapInboundOut(good)) }
        switch verdict {
        case .pass: break
        case .pause: pause(bytes, context)
        case .refuse(let refusal):
            guard discarding == nil else { return }
            refused?(refusal)
        }
    }

    /// The socket is not read until the requests that it brought have had their turns.
    private func pause(_ rest: ByteBuffer, _ context: ChannelHandlerContext) {
        guard discarding == nil else { return }
        held = rest
        context.channel.setReading(false)
        context.eventLoop.assumeIsolated().execute { [self] in nextTurn() }
    }

    private func nextTurn() {
        guard let context, discarding == nil, let bytes = held.take() else { return }
        policer.turn()
        handOn(bytes, context)
        context.fireChannelReadComplete()
        if held == nil { context.channel.setReading(true) }
    }

    private func discard(_ count: Int, _ left: Int, _ context: ChannelHandlerContext) {
        guard count <= left else { return context.close(promise: nil) }
        discarding = left - count
    }

    /// From now on what comes is thrown away, up to a bound.
    func discardInput() {
        guard discarding == nil else { return }
        held = nil
        discarding = Bounds.lingerBytes
        context?.channel.setReading(true)
    }

    /// DATA has left; it explains frames of the client's.
    func sentData(bytes: Int) { policer.sentData(bytes: bytes) }

    func streamIsOver(_ id: UInt32) { policer.streamIsOver(id) }

    // MARK: time

    private func note(_ now: NIODeadline) {
        guard let number = policer.unfinished else {
            unfinished = nil
            return
        }
        if unfinished?.number != number { unfinished = (number, now) }
    }

    /// Since when the client owes the rest of a header block or a control frame.
    var unfinishedSince: NIODeadline? { unfinished?.since }

    // MARK: leaving

    /// The first step of leaving (RFC 9113 §6.8). It goes past the library, which would refuse all requests after it.
    func announceLeaving() {
        guard let context else { return }
        var frame = context.channel.allocator.buffer(capacity: 17)
        frame.writeBytes([0, 0, 8, 7, 0, 0, 0, 0, 0])
        frame.writeInteger(UInt32(Int32.max))
        frame.writeInteger(UInt32(0))
        context.write(wrapOutboundOut(frame), promise: nil)
    }
}
