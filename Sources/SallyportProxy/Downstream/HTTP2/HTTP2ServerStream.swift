import NIOCore
import NIOHPACK
import NIOHTTP2
import SallyportEdge
import SallyportHTTP
import SallyportModel
import SallyportTelemetry

/// One request and its response on a client's HTTP/2 connection.
///
/// ```
///              content and trailers held until the exchange takes them
///  request ──────────────────────────────────────────────────────────▶ Exchange
///  response ◀── frames as windows and turns allow ◀── held, bounded ◀──┘
/// ```
/// It is over when the end of the response has left and the request is whole or was reset. Windows are opened again when
/// content is taken, not when it comes.
final class HTTP2ServerStream {
    let id: HTTP2StreamID
    let connection: HTTP2ServerConnection
    private(set) var exchange: Exchange?
    private var inbound: HTTP2InboundContent
    private var outbound = HTTP2OutboundMessage()
    private let isTunnel: Bool
    private let isHEAD: Bool
    let opened: NIODeadline
    /// What the client lets us send, bytes; can be negative (RFC 9113 §6.9.2).
    var sendWindow: Int
    /// Taken since the window was opened last, bytes.
    private var taken = 0
    private var isPumping = false
    private var requestIsHandedOn = false
    /// The exchange was told to stop.
    private var isFull = false
    /// Bytes of content that were handed to the connection.
    private var sent: UInt64 = 0
    private var progress = WriteProgress(
        patience: Timeouts.writeStall.nanoseconds.magnitude, minimumRate: Timeouts.minimumRate)
    /// Waits for its turn to send.
    var isQueued = false
    /// Nothing is received or sent on it any more.
    private(set) var isOver = false
    /// The head of the response does not fit into a frame; something else was answered, and the rest is dropped.
    private var isOversized = false
    /// What the client is told when the message is cut.
    private var cutCode = HTTP2Code.internalError

    /// - Parameter head: nil for a request that was refused before it became one.
    init(
        id: HTTP2StreamID, connection: HTTP2ServerConnection, head: RequestHead?, isEnded: Bool, sendWindow: Int,
        limits: HTTPLimits
    ) {
        self.id = id
        self.connection = connection
        self.sendWindow = sendWindow
        isTunnel = head?.tunnel != nil
        isHEAD = head?.isHEAD ?? false
        inbound = HTTP2InboundContent(
            head?.framing ?? .none, isEnded: isEnded,
            limit: isTunnel || head == nil ? nil : UInt64(max(limits.body, 0)))
        requestIsHandedOn = head.map { $0.framing == .none } ?? true
        opened = .now()
    }

    func begin(_ head: RequestHead, refusal: LocalReply?) {
        let exchange = Exchange(head: head, client: self, mayKeepAlive: true)
        self.exchange = exchange
        if let refusal { exchange.answer(refusal) } else { exchange.start() }
        pump()
    }

    // MARK: the request

    func received(_ piece: ByteBuffer, padding: Int, ends: Bool) {
        guard !isOver else { return }
        guard exchange != nil else {
            // The answer is under way, and this is of no use any more.
            if ends { inbound.close() }
            return openWindow(by: piece.readableBytes + padding)
        }
        if let reason = inbound.count(piece.readableBytes, ends: ends) { return refuse(reason) }
        if padding > 0 { openWindow(by: padding) }
        inbound.hold(piece)
        connection.held += piece.readableBytes
        pump()
    }

    func receivedEnd(_ trailers: Trailers?) {
        guard !isOver else { return }
        guard exchange != nil else { return inbound.close() }
        if let reason = inbound.end(with: trailers) { return refuse(reason) }
        pump()
    }

    /// What came makes no message. Too much content is answered; a length that is not kept has no answer.
    func refuse(_ reason: Reason) {
        if reason == .bodyTooLarge, let exchange { return exchange.requestRefused(reason) }
        cutCode = .protocolError
        guard let exchange else { return connection.reset(self, .protocolError) }
        exchange.clientBroke(reason)
    }

    /// Hands on what the exchange takes. Not re-entered.
    private func pump() {
        guard !isPumping, !isOver else { return }
        isPumping = true
        while let exchange, isTunnel ? exchange.wantsTunnelBytes : exchange.wantsContent, let piece = inbound.take() {
            connection.held -= piece.readableBytes
            exchange.requestContent(piece)
            openWindow(by: piece.readableBytes)
        }
        handOnEnd()
        isPumping = false
        exchange?.flushUpstream()
        connection.flushWritten()
    }

    private func handOnEnd() {
        guard let exchange, inbound.isEnded, inbound.isEmpty else { return }
        // Half a tunnel is none.
        if isTunnel { return exchange.wantsTunnelBytes ? endTunnel(exchange) : () }
        guard !requestIsHandedOn, exchange.wantsContent else { return }
        requestIsHandedOn = true
        exchange.requestEnd(inbound.trailers)
    }

    private func endTunnel(_ exchange: Exchange) {
        exchange.clientGone()
        connection.reset(self, .cancel)
    }

    /// Content was taken, or will never be. Windows are opened in steps of half their size.
    private func openWindow(by count: Int) {
        taken += count
        connection.openWindow()
        guard taken >= HTTP2ServerSettings.streamWindow / 2, !inbound.isEnded, !isOver else { return }
        connection.write(HTTP2Frame(streamID: id, payload: .windowUpdate(windowSizeIncrement: taken)))
        taken = 0
    }

    private func dropInbound() {
        let count = inbound.drop()
        connection.held -= count
        connection.openWindow()
    }

    // MARK: the end

    /// The client or the library ended the stream, or its connection is gone.
    func wasReset() {
        guard !isOver else { return }
        end()
        let exchange = self.exchange.take()
        exchange?.clientGone()
    }

    /// Leaves the connection. The caller has told the client.
    func end() {
        guard !isOver else { return }
        isOver = true
        outbound.drop()
        dropInbound()
        connection.remove(self)
    }

    /// END_STREAM has left. A request that is not whole is of no use to anybody (RFC 9113 §8.1).
    func endLeft() {
        guard !isOver, exchange == nil else { return }
        if inbound.isEnded { end() } else { connection.reset(self, .noError) }
    }

    /// The client's certificate is refused now.
    func refuseClient(_ reason: Reason) {
        cutCode = .cancel
        if let exchange { exchange.clientRefused(reason) } else { connection.reset(self, .cancel) }
    }

    func sweep(now: NIODeadline) {
        if isTakenTooSlowly(now) { stalled() } else { exchange?.sweep(now: now) }
    }

    /// What waits for the connection's window or the socket is judged there; the client chose which stream goes first.
    private func isTakenTooSlowly(_ now: NIODeadline) -> Bool {
        progress.isStalled(
            taken: sent, waiting: isStoppedByWindow ? queuedBytes : 0, at: now.uptimeNanoseconds.magnitude)
    }

    /// The client has taken nothing for too long.
    func stalled() {
        cutCode = .cancel
        if let exchange { exchange.clientStalled() } else { connection.reset(self, .cancel) }
    }

    // MARK: sending

    var hasPending: Bool { outbound.hasPending }

    /// - Parameter room: bytes of content that the connection lets go now.
    func next(room: Int) -> HTTP2OutboundMessage.Next {
        let next = outbound.next(room: min(room, sendWindow, HTTP2ServerSettings.frame))
        if case .frame(_, let bytes, _) = next {
            sendWindow -= bytes
            sent += UInt64(bytes)
            if isFull, outbound.queued <= connection.heldForStream / 2 { madeRoom() }
        }
        return next
    }

    private func madeRoom() {
        isFull = false
        exchange?.clientWritabilityChanged(true)
    }

    /// Content of the response that waits.
    var queuedBytes: Int { outbound.queued }

    /// The client does not let this stream send.
    var isStoppedByWindow: Bool { sendWindow <= 0 }

    // MARK: memory

    var heldBytes: Int { inbound.held + outbound.queued }

    /// Memory is short, and this stream holds much of it.
    func giveUpBuffers() {
        cutCode = .cancel
        if let exchange { exchange.giveUpBuffers() } else { connection.reset(self, .cancel) }
    }
}

// MARK: - the exchange's side

extension HTTP2ServerStream: ClientStream {
    var session: ClientSession { connection.session }
    var isWritable: Bool { !isFull && !isOver }

    func sendContinue() {
        outbound.addInterim(HTTP2ResponseBlock.continue)
        flush()
    }

    func sendInterim(_ response: ResponseHead) {
        let plan = ResponsePlan(framing: .none, close: false)
        let block = HTTP2ResponseBlock.head(response, plan, date: [])
        if block.fitsFrame { outbound.addInterim(block) }
    }

    func sendHead(_ response: ResponseHead, to request: RequestHead, _ plan: ResponsePlan) -> Bool {
        let block = HTTP2ResponseBlock.head(response, plan, date: session.loop.dateField())
        guard block.largestEncoding <= HTTP2ServerSettings.frame else {
            isOversized = true
            _ = reply(LocalReply(.upstreamHeadTooLarge), to: request, requestID: session.loop.nextRequestID(), close: false)
            return false
        }
        outbound.begin(block, promised: response.opensTunnel ? nil : promised(plan.framing))
        return false
    }

    private func promised(_ framing: BodyFraming) -> UInt64? {
        switch framing {
        case .none: 0
        case .length(let length): length
        case .chunked, .untilClose: nil
        }
    }

    func sendBody(_ piece: ByteBuffer) -> Bool {
        if isOver || isOversized { return true }
        guard outbound.add(piece) else { return false }
        if outbound.queued >= connection.heldForStream, !isFull {
            isFull = true
            exchange?.clientWritabilityChanged(false)
        }
        return true
    }

    func sendEnd(_ trailers: Trailers?) -> Bool {
        isOver || isOversized || outbound.end(trailers.flatMap(HTTP2ResponseBlock.trailers))
    }

    func reply(_ reply: LocalReply, to request: RequestHead, requestID: RequestID, close: Bool) -> Int {
        self.reply(reply, isHEAD: request.isHEAD, requestID: requestID)
    }

    /// The gateway's own problem; to a request that is none, too.
    func reply(_ reply: LocalReply, isHEAD: Bool, requestID: RequestID) -> Int {
        let content = LocalReplyWriter.problem(
            reply.reason, status: reply.reason.status ?? 500, requestID: requestID.description, quota: reply.quota)
        let block = HTTP2ResponseBlock.problem(reply, length: content.count, date: session.loop.dateField())
        return send(block, content: isHEAD ? [] : content)
    }

    func send(_ content: LocalContent, to request: RequestHead, close: Bool) {
        let block = HTTP2ResponseBlock.content(content, date: session.loop.dateField())
        _ = send(block, content: request.isHEAD || content.status == 204 ? [] : content.body)
    }

    private func send(_ block: HPACKHeaders, content: [UInt8]) -> Int {
        outbound.begin(block, promised: UInt64(content.count))
        _ = outbound.add(ByteBuffer(bytes: content)) && outbound.end(nil)
        return content.count
    }

    func flush() {
        guard !isOver else { return }
        connection.flush(self)
    }

    func resume() { pump() }

    func cut() {
        exchange = nil
        connection.reset(self, cutCode)
    }

    func exchangeEnded(keepAlive: Bool) {
        exchange = nil
        if inbound.held > 0 { dropInbound() }
        flush()
    }
}

extension Exchange {
    /// What the client sent of its request is no message; there is no answer to it.
    func clientBroke(_ reason: Reason) {
        guard machine.abandon() != .ignore else { return client.cut() }
        if record.status == 0 { record.status = reason.status ?? 400 }
        end(.cut, reason: reason)
    }
}
