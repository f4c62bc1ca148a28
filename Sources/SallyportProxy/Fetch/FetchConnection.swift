import NIOCore
import SallyportModel
import SallyportPKI
import SallyportTLS

/// One connection for one request: writes it when TCP (and TLS) stand, gathers the answer, closes.
final class FetchConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    typealias Outcome = Result<FetchAnswer, FetchFailure>

    private let request: [UInt8]
    private var exchange: FetchExchange
    private let url: FetchURL
    private let isSecured: Bool
    private let address: String
    private let promise: EventLoopPromise<Outcome>
    /// Called when the request can go out.
    private let ready: () -> Void
    private var isDone = false
    private var context: ChannelHandlerContext?

    init(
        _ request: FetchRequest, to url: FetchURL, isSecured: Bool, address: String, promise: EventLoopPromise<Outcome>,
        ready: @escaping () -> Void = {}
    ) {
        self.request = FetchExchange.bytes(of: request, to: url)
        exchange = FetchExchange(request, to: url)
        self.url = url
        self.isSecured = isSecured
        self.address = address
        self.promise = promise
        self.ready = ready
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if !isSecured { send(context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func handshakeEnded(_ result: Result<UpstreamPeer, UpstreamTLSFailure>) {
        guard !isDone, let context else { return }
        switch result {
        case .success: send(context)
        case .failure(let failure): finish(.failure(FetchTLS.failure(failure, url)), context)
        }
    }

    private func send(_ context: ChannelHandlerContext) {
        ready()
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: request)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isDone else { return }
        let bytes = unwrapInboundIn(data)
        act(on: exchange.receive(bytes.readableBytesSpan), context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !isDone { act(on: exchange.inputClosed(isTorn: false), context) }
        context.fireChannelInactive()
    }

    /// The last handler of the pipeline. An end without close_notify comes here too, and is no end of a message.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !isDone else { return context.close(promise: nil) }
        if let failure = UpstreamTLSFailure(error) { return finish(.failure(FetchTLS.failure(failure, url)), context) }
        act(on: exchange.inputClosed(isTorn: true), context)
    }

    private func act(on progress: FetchExchange.Progress, _ context: ChannelHandlerContext) {
        switch progress {
        case .needMore: return
        case .complete(let response): finish(.success(FetchAnswer(response: response, address: address)), context)
        case .failed(let failure): finish(.failure(failure), context)
        }
    }

    private func finish(_ outcome: Outcome, _ context: ChannelHandlerContext) {
        isDone = true
        promise.succeed(outcome)
        context.close(promise: nil)
    }
}

/// A response and the IP address it came from.
struct FetchAnswer: Sendable {
    var response: FetchResponse
    var address: String
}
