import NIOCore

/// Shakes hands with a server; then a `TLSRecordHandler` takes its place.
package final class TLSConnectHandler: ChannelInboundHandler, RemovableChannelHandler {
    package typealias InboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    private let engine: TLSEngine
    private let verdict: UpstreamVerdict
    /// Taken when it is called.
    private var done: ((Result<UpstreamPeer, UpstreamTLSFailure>) -> Void)?

    init(
        _ engine: TLSEngine, verdict: UpstreamVerdict, done: @escaping (Result<UpstreamPeer, UpstreamTLSFailure>) -> Void
    ) {
        self.engine = engine
        self.verdict = verdict
        self.done = done
    }

    package func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { advance(context) }
    }

    package func channelActive(context: ChannelHandlerContext) {
        advance(context)
        context.fireChannelActive()
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard done != nil else { return }
        engine.receive(unwrapInboundIn(data))
        advance(context)
    }

    package func channelInactive(context: ChannelHandlerContext) {
        finish(.failure(UpstreamTLSFailure(TLSFailure.truncated, verdict: nil)))
        context.fireChannelInactive()
    }

    private func advance(_ context: ChannelHandlerContext) {
        let step = engine.handshake()
        if let bytes = engine.takeOutbound() { context.writeAndFlush(wrapOutboundOut(bytes), promise: nil) }
        switch step {
        case .incomplete: return
        case .complete: complete(context)
        case .failed(let failure): fail(UpstreamTLSFailure(failure, verdict: verdict.result), context)
        }
    }

    private func complete(_ context: ChannelHandlerContext) {
        guard let facts = engine.facts, case .success(let chain)? = verdict.result else {
            return fail(UpstreamTLSFailure(.internalError, "the certificate was not judged"), context)
        }
        let records = TLSRecordHandler(engine)
        do {
            let pipeline = context.pipeline.syncOperations
            try pipeline.addHandler(records, position: .before(self))
            let place = try pipeline.context(handler: records)
            pipeline.removeHandler(context: context, promise: nil)
            finish(.success(UpstreamPeer(chain: chain, tls: facts)))
            records.deliverRest(context: place)
        } catch {
            fail(UpstreamTLSFailure(.internalError, "\(error)"), context)
        }
    }

    private func fail(_ failure: UpstreamTLSFailure, _ context: ChannelHandlerContext) {
        finish(.failure(failure))
        context.close(promise: nil)
    }

    private func finish(_ result: Result<UpstreamPeer, UpstreamTLSFailure>) {
        done.take()?(result)
    }
}
