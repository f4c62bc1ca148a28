import Glibc
import NIOCore
import SallyportEdge
import SallyportHTTP
import SallyportModel
import SallyportTLS
import Synchronization

/// One client connection that speaks HTTP/1: reads requests, one at a time, and lets an `Exchange` answer each.
///
/// ```
///  idle ──first byte──▶ readingHead ──head──▶ exchanging ──both messages whole──▶ idle
///    │ idle deadline        │ head deadline        │ the client must go, or framing is in doubt
///    ▼                      ▼ 408                  ▼
///  closed ◀──────────── lingering ◀────────────────┘
/// ```
/// After 101 the exchange at hand has the connection for itself: bytes are passed on as they are, those too that came
/// before the upstream agreed and were held until then.
///
/// Pipelined requests stay unread until the exchange before them is over. In `lingering` the answer is out and what
/// the client still sends is thrown away, for a short time and a bounded number of bytes, so that the answer is not
/// destroyed by a reset (RFC 9112 §9.6).
final class HTTP1ServerConnection: ChannelInboundHandler, SweptConnection {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        case idle(until: NIODeadline)
        case readingHead(until: NIODeadline)
        case exchanging(Exchange)
        case lingering(until: NIODeadline, bytesLeft: Int)
        case closed
    }

    let session: ClientSession
    var context: ChannelHandlerContext? { output.context }
    private var phase: Phase {
        didSet { bringLookForward() }
    }
    /// When the wheel looks at the connection next.
    private var lookAt = NIODeadline.distantFuture
    private var parser: RequestParser
    private var limits: HTTPLimits
    /// The parser has seen the end of one message and nothing of the next.
    private var isBetweenMessages = true
    private var inbound: ByteBuffer?
    let output = ChannelOutput()
    /// Frames the response that is under way.
    var responseBody = BodyWriter(.none)
    /// The exchange at hand is no HTTP any more.
    var isTunnel = false
    private var isPumping = false
    private var isReading = true
    private var requests = 0
    private var progress = WriteProgress(patience: Timeouts.writeStall.nanoseconds.magnitude, minimumRate: Timeouts.minimumRate)
    private let opened: NIODeadline
    /// When the last exchange ended, or the handshake.
    private var idleSince: NIODeadline
    var registryIndex = -1

    init(session: ClientSession) {
        self.session = session
        limits = session.view.generation.httpLimits
        parser = RequestParser(limits: limits)
        opened = .now()
        idleSince = opened
        phase = .idle(until: opened + Timeouts.requestHead)
    }

    var loop: LoopState { session.loop }

    // MARK: the channel's side

    func handlerAdded(context: ChannelHandlerContext) {
        output.context = context
        loop.register(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        loop.unregister(self)
        output.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        switch phase {
        case .closed:
            return
        case .lingering(let until, let bytesLeft):
            return discard(bytes.readableBytes, until: until, bytesLeft: bytesLeft)
        case .idle(let until) where bytes.readableBytes > 0:
            // The first request's time began with the connection.
            phase = .readingHead(until: requests == 0 ? until : .now() + Timeouts.requestHead)
        case .idle, .readingHead, .exchanging:
            break
        }
        if inbound == nil { inbound = bytes } else { inbound?.writeBuffer(&bytes) }
        pump()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        flush()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        let isWritable = context.channel.isWritable
        if case .exchanging(let exchange) = phase {
            exchange.clientWritabilityChanged(isWritable)
        } else if isWritable {
            pump()
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if case .exchanging(let exchange) = phase { exchange.clientGone() }
        phase = .closed
        inbound = nil
        context.fireChannelInactive()
    }

    /// The last handler of the pipeline: an error ends the connection (NIO itself would keep it).
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    // MARK: reading

    /// Parses as far as the exchange at hand allows. Not re-entered: what an exchange causes while it runs is seen
    /// by the loop that is already running.
    private func pump() {
        guard !isPumping else { return }
        isPumping = true
        if isTunnel { passOn() }
        while wantsBytes {
            adoptLimits()
            let bytes = inbound ?? loop.noBytes
            let (consumed, event) = parser.next(bytes.readableBytesSpan)
            let start = bytes.readerIndex
            inbound?.moveReaderIndex(forwardBy: consumed)
            guard handle(event, in: bytes, at: start) else { break }
        }
        isPumping = false
        if inbound?.readableBytes == 0 { inbound = nil }
        if case .exchanging(let exchange) = phase { exchange.flushUpstream() }
        regulateReading()
    }

    private var wantsBytes: Bool {
        switch phase {
        // No new request while the client does not take the answers to those before it.
        case .readingHead: isWritable
        case .exchanging where isTunnel: false
        case .exchanging(let exchange): exchange.wantsContent || !isBetweenMessages && !exchange.hasContent
        case .idle: (inbound?.readableBytes ?? 0) > 0 && isWritable
        case .lingering, .closed: false
        }
    }

    private func passOn() {
        guard case .exchanging(let exchange) = phase, exchange.wantsTunnelBytes, let piece = inbound.take() else {
            return
        }
        exchange.requestContent(piece)
    }

    /// Bytes that nobody can take yet are held, up to a bound; beyond it the socket is not read.
    private func regulateReading() {
        let held = inbound?.readableBytes ?? 0
        let shouldRead: Bool
        switch phase {
        case .exchanging: shouldRead = held < Bounds.heldBytes
        case .idle, .readingHead: shouldRead = isWritable || held < Bounds.heldBytes
        case .lingering, .closed: shouldRead = true
        }
        guard shouldRead != isReading else { return }
        isReading = shouldRead
        context?.channel.setReading(shouldRead)
    }

    /// False when nothing more can be made of the bytes at hand.
    private func handle(_ event: RequestEvent, in bytes: ByteBuffer, at start: Int) -> Bool {
        switch event {
        case .needMore:
            return false
        case .head(let head):
            isBetweenMessages = false
            begin(head)
            return true
        case .body(let range):
            if case .exchanging(let exchange) = phase,
                let piece = bytes.getSlice(at: start + range.lowerBound, length: range.count)
            {
                exchange.requestContent(piece)
            }
            return true
        case .end(let trailers):
            isBetweenMessages = true
            if case .exchanging(let exchange) = phase { exchange.requestEnd(trailers) }
            return true
        case .refused(let reason):
            refuse(reason)
            return false
        }
    }

    /// The bytes can't be trusted to mean what they seem: answer if nothing was answered yet, and close.
    private func refuse(_ reason: Reason) {
        if case .exchanging(let exchange) = phase { return exchange.requestRefused(reason) }
        let id = loop.nextRequestID()
        let written = write(session.refusal(reason), requestID: id, isHEAD: false, close: true)
        session.logRefusal(reason, id: id, responseBytes: written)
        linger()
    }

    private func discard(_ count: Int, until: NIODeadline, bytesLeft: Int) {
        guard count <= bytesLeft else { return close() }
        phase = .lingering(until: until, bytesLeft: bytesLeft - count)
    }

    /// A new configuration may have other limits; they hold from the next message on.
    private func adoptLimits() {
        let newest = loop.current.generation.httpLimits
        guard isBetweenMessages, !parser.isInsideHead, newest != limits else { return }
        limits = newest
        parser = RequestParser(limits: newest)
    }

    // MARK: exchanges

    private func begin(_ head: RequestHead) {
        requests += 1
        loop.counters.requests.add(1, ordering: .relaxed)
        let refusal = session.adoptGeneration()
        let exchange = Exchange(head: head, client: self, mayKeepAlive: mayKeepAlive && refusal == nil)
        phase = .exchanging(exchange)
        if let refusal { exchange.answer(refusal) } else { exchange.start() }
    }

    private var mayKeepAlive: Bool {
        requests < Bounds.requestsPerConnection && !loop.isDraining && loop.edge.memoryStep < .closeAfterRequest
            && .now() - opened < Timeouts.connectionAge
    }

    /// Cuts the connection, also in the middle of a message, when its certificate has been revoked since.
    func recheckIdentity() {
        if case .closed = phase { return }
        if let reason = session.recheckIdentity() { refuseClient(reason) }
    }

    /// The same when its client has been banned since.
    func recheckBan() {
        if case .closed = phase { return }
        if let reason = session.ban() { return refuseClient(reason) }
        if case .exchanging(let exchange) = phase { exchange.recheckBan() }
    }

    private func refuseClient(_ reason: Reason) {
        if case .exchanging(let exchange) = phase { return exchange.clientRefused(reason) }
        cut()
    }

    /// Called by the exchange when it is over.
    func exchangeEnded(keepAlive: Bool) {
        guard case .exchanging = phase else { return }
        flush()
        guard keepAlive else { return linger() }
        let now = NIODeadline.now()
        idleSince = now
        phase =
            (inbound?.readableBytes ?? 0) > 0
            ? .readingHead(until: now + Timeouts.requestHead) : .idle(until: now + Timeouts.idle)
        pump()
    }

    // MARK: ending

    var isWritable: Bool { output.isWritable }
    func flush() { output.flush() }

    /// More of the request can be taken again.
    func resume() {
        pump()
    }

    private func linger() {
        flush()
        inbound = nil
        if case .closed = phase { return }
        phase = .lingering(until: .now() + Timeouts.linger, bytesLeft: Bounds.lingerBytes)
        context?.channel.setReading(true)
        context?.close(mode: .output, promise: nil)
    }

    func close() {
        phase = .closed
        context?.close(promise: nil)
    }

    /// Ends the connection without finishing the message that is under way: the client must see that it is not whole.
    /// An orderly end of TLS would be the end of the message for a client of HTTP/1.0, so there is none: the socket is
    /// reset behind the back of the TLS handler (RFC 9112 §8, RFC 8446 §6.1).
    func cut() {
        flush()
        phase = .closed
        guard let channel = context?.channel else { return }
        (channel as? any SocketOptionProvider)?.setSoLinger(Glibc.linger(l_onoff: 1, l_linger: 0)).assumeIsolated()
            .whenComplete { _ in Self.closeBelowTLS(channel) }
    }

    private static func closeBelowTLS(_ channel: any Channel) {
        do {
            try channel.pipeline.syncOperations.context(handlerType: TLSRecordHandler.self).close(promise: nil)
        } catch {
            channel.close(promise: nil)
        }
    }

    // MARK: time

    func sweep(now: NIODeadline) {
        switch phase {
        case .idle(let until):
            if until <= now || loop.isDrained(idleSince: idleSince, now: now) { close() }
        case .readingHead(let until):
            if until <= now { refuse(.requestHeadTimeout) }
        case .exchanging(let exchange):
            if isTakenTooSlowly(now) { exchange.clientStalled() } else { exchange.sweep(now: now) }
        case .lingering(let until, _):
            if until <= now { close() }
        case .closed:
            break
        }
    }

    /// When the deadline of the phase has passed. An exchange has several, and is looked at each second.
    private var lookBy: NIODeadline {
        switch phase {
        case .idle(let until), .readingHead(let until), .lingering(let until, _): until
        case .exchanging(let exchange): exchange.record.started + Timeouts.look
        case .closed: .distantFuture
        }
    }

    func nextLook(after now: NIODeadline) -> NIODeadline {
        lookAt = soonest(after: now)
        return lookAt
    }

    private func soonest(after now: NIODeadline) -> NIODeadline {
        if loop.isDraining { return now + Timeouts.sweep }
        if case .exchanging = phase { return now + Timeouts.look }
        return max(lookBy, now)
    }

    /// Most phases end later than the wheel looks anyway, and then it need not be told.
    private func bringLookForward() {
        let deadline = lookBy
        guard deadline < lookAt else { return }
        lookAt = deadline
        loop.look(at: self, by: deadline)
    }

    private func isTakenTooSlowly(_ now: NIODeadline) -> Bool {
        let waiting = output.waitingBytes
        return progress.isStalled(
            taken: output.written - min(output.written, UInt64(waiting)), waiting: waiting,
            at: now.uptimeNanoseconds.magnitude)
    }

    // MARK: memory

    var heldBytes: Int { (inbound?.readableBytes ?? 0) + output.waitingBytes }

    func giveUpBuffers() {
        if case .exchanging(let exchange) = phase { return exchange.giveUpBuffers() }
        cut()
    }
}
