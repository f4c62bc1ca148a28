import NIOCore

/// Decrypts and encrypts on an established connection; it takes the place of the handler that shook hands.
///
/// A peer that ends the transport without close_notify causes `TLSFailure.truncated` before the channel becomes
/// inactive, so that nobody takes what came for whole (RFC 8446 section 6.1).
package final class TLSRecordHandler: ChannelDuplexHandler, RemovableChannelHandler {
    package typealias InboundIn = ByteBuffer
    package typealias InboundOut = ByteBuffer
    package typealias OutboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    private enum State {
        case open
        /// We have said close_notify; what still comes is passed on.
        case halfClosed
        case ended
    }

    private let engine: TLSEngine
    private var state = State.open

    init(_ engine: TLSEngine) {
        self.engine = engine
    }

    // MARK: Inbound

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .ended = state { return }
        engine.receive(unwrapInboundIn(data))
        deliver(context)
    }

    /// Passes on what the engine has received together with the end of the handshake.
    func deliverRest(context: ChannelHandlerContext) {
        guard engine.hasInbound else { return }
        deliver(context)
        context.fireChannelReadComplete()
    }

    private func deliver(_ context: ChannelHandlerContext) {
        var plaintext = context.channel.allocator.buffer(capacity: 0)
        let outcome = engine.read(into: &plaintext)
        if plaintext.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(plaintext)) }
        switch outcome {
        case .drained: send(context)
        case .closed: end(context)
        case .failed(let failure):
            send(context)
            state = .ended
            context.fireErrorCaught(failure)
            context.close(promise: nil)
        }
    }

    /// The peer will say no more. HTTP has no use for one direction alone.
    private func end(_ context: ChannelHandlerContext) {
        sayClose(context)
        state = .ended
        context.close(promise: nil)
    }

    package func channelInactive(context: ChannelHandlerContext) {
        if case .open = state {
            state = .ended
            context.fireErrorCaught(TLSFailure.truncated)
        }
        context.fireChannelInactive()
    }

    // MARK: Outbound

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .open = state else {
            promise?.fail(ChannelError.outputClosed)
            return
        }
        do throws(TLSFailure) {
            try engine.write(unwrapOutboundIn(data))
            guard let promise else { return }
            context.write(wrapOutboundOut(engine.takeOutbound() ?? ByteBuffer()), promise: promise)
        } catch {
            promise?.fail(error)
            state = .ended
            context.fireErrorCaught(error)
            context.close(promise: nil)
        }
    }

    package func flush(context: ChannelHandlerContext) {
        if let bytes = engine.takeOutbound() { context.write(wrapOutboundOut(bytes), promise: nil) }
        context.flush()
    }

    package func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if mode != .input { sayClose(context) }
        if mode == .all { state = .ended }
        context.close(mode: mode, promise: promise)
    }

    private func sayClose(_ context: ChannelHandlerContext) {
        guard case .open = state else { return }
        state = .halfClosed
        engine.closeNotify()
        send(context)
    }

    private func send(_ context: ChannelHandlerContext) {
        guard let bytes = engine.takeOutbound() else { return }
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }
}
