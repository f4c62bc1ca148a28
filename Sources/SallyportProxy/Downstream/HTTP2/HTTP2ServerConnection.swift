import Logging
import NIOCore
import NIOHPACK
import NIOHTTP2
import SallyportEdge
import SallyportHTTP
import SallyportModel
import Synchronization

/// One client connection that speaks HTTP/2, behind the library's framing: makes a stream of each request, lets an
/// `Exchange` answer it, and shares out what the client lets be sent.
///
/// ```
///  bytes ─▶ HTTP2PoliceHandler ─▶ NIOHTTP2Handler ─▶ HTTP2ServerConnection ─▶ HTTP2ServerStream ─▶ Exchange
///
///  serving ──drain, age, idle──▶ announced ──ping answered──▶ leaving ──last stream──▶ lingering ──▶ closed
///     └──────────────────── connection error ────────────────────────────────────────────▲
/// ```
final class HTTP2ServerConnection: ChannelInboundHandler, SweptConnection {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    enum Phase: Equatable {
        case serving
        /// The client was told that the end is near; what it sent meanwhile is still taken.
        case announced(until: NIODeadline)
        /// No request after the last one is taken.
        case leaving
        case lingering(until: NIODeadline)
        case closed
    }

    let session: ClientSession
    let police: HTTP2PoliceHandler
    private(set) var context: ChannelHandlerContext?
    private(set) var phase = Phase.serving {
        didSet { loop.look(at: self, by: nextLook(after: .now())) }
    }
    private(set) var streams: [HTTP2StreamID: HTTP2ServerStream] = [:]
    private var lastStream = HTTP2StreamID.rootStream
    private var limits: HTTPLimits
    private let output = HTTP2OutputTurns()
    private var isFlushDue = false
    private var isFlushScheduled = false
    /// What the client's SETTINGS let each new stream send.
    private var initialSendWindow = 65535
    /// Content of requests that is held, bytes.
    var held = 0
    private var window: HTTP2ConnectionWindow
    private(set) var settingsAreAcknowledged = false
    private(set) var requests = 0
    private var malformations = 0
    private var meter = HTTP2ResetMeter()
    /// The library has said GOAWAY with this error.
    private var libraryGoodbye: HTTP2ErrorCode?
    private var isSayingGoodbye = false
    /// Streams whose END_STREAM has just left.
    private var ended: [HTTP2StreamID] = []
    /// Bytes of content that were handed over to be written.
    private(set) var written: UInt64 = 0
    var progress = WriteProgress(patience: Timeouts.writeStall.nanoseconds.magnitude, minimumRate: Timeouts.minimumRate)
    let opened = NIODeadline.now()
    private(set) var lastActivity: NIODeadline
    var registryIndex = -1

    init(session: ClientSession, police: HTTP2PoliceHandler) {
        self.session = session
        self.police = police
        limits = session.view.generation.httpLimits
        window = HTTP2ConnectionWindow()
        lastActivity = opened
    }

    /// Adds the handlers that make HTTP/2 of a channel's bytes.
    static func install(_ session: ClientSession, on channel: any Channel) throws -> HTTP2ServerConnection {
        let police = HTTP2PoliceHandler(now: .now())
        let connection = HTTP2ServerConnection(session: session, police: police)
        let watch = HTTP2FrameWatch()
        watch.wrote = { [weak connection] in connection?.wrote($0) }
        police.refused = { [weak connection] in connection?.refuse($0) }
        let handler = HTTP2ServerSettings.handler(connection.limits, frames: watch)
        try channel.pipeline.syncOperations.addHandlers([police, handler, connection])
        return connection
    }

    var loop: LoopState { session.loop }

    // MARK: the channel's side

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop.register(self)
        openWindow()
        context.flush()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        loop.unregister(self)
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        guard !isEnding else { return }
        switch frame.payload {
        case .headers(let block): received(block.headers, on: frame.streamID, ends: block.endStream)
        case .data(let data): received(data, on: frame.streamID)
        case .rstStream: wasReset(frame.streamID)
        case .settings(let settings): received(settings)
        case .windowUpdate(let increment): received(increment, on: frame.streamID)
        case .ping(_, ack: true): if case .announced = phase { leave() }
        case .goAway: if phase == .serving { leave() }
        case .ping, .priority, .pushPromise, .alternativeService, .origin: break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // Content for streams that are gone is not passed on by the library, and was received all the same.
        openWindow()
        flush()
        if let since = police.unfinishedSince { loop.look(at: self, by: since + HTTP2ServerSettings.answer) }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        finishEnded()
        if context.channel.isWritable { flush() }
    }

    /// The library ended a stream, because of an error of its own or of ours.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let closed = event as? StreamClosedEvent, closed.reason != nil { wasReset(closed.streamID) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        phase = .closed
        for stream in streams.values { stream.wasReset() }
        context.fireChannelInactive()
    }

    /// The library writes GOAWAY and goes on; a connection error is the end (RFC 9113 §5.4.1).
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !isEnding else { return }
        if let code = libraryGoodbye {
            let isFlood = code == .enhanceYourCalm
            report(isFlood ? .http2Flood : .http2ProtocolError, detail: "\(type(of: error))", code: code)
            return linger()
        }
        guard error is any NIOHTTP2Error else { return close() }
        countMalformation()
    }

    /// A frame has left the library.
    private func wrote(_ frame: HTTP2Frame) {
        switch frame.payload {
        case .goAway(_, let code, _): if !isSayingGoodbye { libraryGoodbye = code }
        case .data(let data):
            police.sentData(bytes: data.data.readableBytes)
            written += UInt64(data.data.readableBytes)
            if data.endStream { ended.append(frame.streamID) }
        case .headers(let block): if block.endStream { ended.append(frame.streamID) }
        default: break
        }
    }

    // MARK: requests

    private func received(_ block: HPACKHeaders, on id: HTTP2StreamID, ends: Bool) {
        lastActivity = .now()
        if let stream = streams[id] { return receivedTrailers(block, on: stream, ends: ends) }
        guard id > lastStream else { return }
        lastStream = id
        requests += 1
        loop.counters.requests.add(1, ordering: .relaxed)
        meter.requestBegan()
        guard streams.count < HTTP2ServerSettings.streams else { return reset(id, .refusedStream) }
        limits = loop.current.generation.httpLimits
        do throws(HTTP2Fault) {
            begin(try read(block, ends: ends), on: id, ends: ends)
        } catch {
            refuse(error, id, isHEAD: block.first(name: ":method") == "HEAD", ends: ends)
        }
        if isLastRequest { announce() }
    }

    private func read(_ block: HPACKHeaders, ends: Bool) throws(HTTP2Fault) -> RequestHead {
        var reader = HTTP2RequestReader(limits: limits)
        for field in block { try reader.add(field.name, field.value) }
        return try reader.request(endsStream: ends)
    }

    private func begin(_ head: RequestHead, on id: HTTP2StreamID, ends: Bool) {
        let stream = open(id, head, ends: ends)
        let refusal = session.adoptGeneration()
        stream.begin(head, refusal: refusal)
        // Whoever is to be served again needs a handshake for that.
        if refusal != nil { announce() }
    }

    private func open(_ id: HTTP2StreamID, _ head: RequestHead?, ends: Bool) -> HTTP2ServerStream {
        let stream = HTTP2ServerStream(
            id: id, connection: self, head: head, isEnded: ends, sendWindow: initialSendWindow, limits: limits)
        if streams.isEmpty { loop.look(at: self, by: stream.opened + Timeouts.look) }
        streams[id] = stream
        return stream
    }

    /// A request that is none. Against our limits: answered. Malformed: reset (RFC 9113 §8.1.1).
    private func refuse(_ fault: HTTP2Fault, _ id: HTTP2StreamID, isHEAD: Bool, ends: Bool) {
        let requestID = loop.nextRequestID()
        switch fault {
        case .malformed(let reason):
            session.logRefusal(reason, id: requestID, responseBytes: 0)
            reset(id, .protocolError)
            countMalformation()
        case .refused(let reason):
            let stream = open(id, nil, ends: ends)
            let count = stream.reply(session.refusal(reason), isHEAD: isHEAD, requestID: requestID)
            session.logRefusal(reason, id: requestID, responseBytes: count)
            stream.flush()
        }
    }

    private func receivedTrailers(_ block: HPACKHeaders, on stream: HTTP2ServerStream, ends: Bool) {
        guard ends else { return brokenTrailers(stream, .malformedHTTP2Fields) }
        var reader = HTTP2TrailerReader(limits: limits)
        do throws(HTTP2Fault) {
            for field in block { try reader.add(field.name, field.value) }
            stream.receivedEnd(try reader.trailers())
        } catch {
            brokenTrailers(stream, error.reason)
        }
    }

    private func brokenTrailers(_ stream: HTTP2ServerStream, _ reason: Reason) {
        stream.refuse(reason)
        countMalformation()
    }

    private func received(_ data: HTTP2Frame.FramePayload.Data, on id: HTTP2StreamID) {
        lastActivity = .now()
        guard let stream = streams[id], case .byteBuffer(let bytes) = data.data else { return openWindow() }
        stream.received(bytes, padding: data.paddingBytes.map { $0 + 1 } ?? 0, ends: data.endStream)
    }

    /// More than twenty, and the client has no good intentions.
    private func countMalformation() {
        malformations += 1
        guard malformations > HTTP2ServerSettings.malformations else { return }
        refuse(HTTP2Refusal(.http2Malformations, .enhanceYourCalm, "more than twenty malformed requests"))
    }

    private func wasReset(_ id: HTTP2StreamID) {
        guard let stream = streams[id] else { return }
        meter.wasReset(age: (NIODeadline.now() - stream.opened).nanoseconds)
        stream.wasReset()
        openWindow()
        refuseAbuse()
    }

    private func refuseAbuse() {
        guard meter.isAbuse else { return }
        refuse(HTTP2Refusal(.http2Resets, .enhanceYourCalm, "more than half of the requests were reset at once"))
    }

    // MARK: windows

    private func received(_ settings: HTTP2Frame.FramePayload.Settings) {
        switch settings {
        case .ack: settingsAreAcknowledged = true
        case .settings(let list):
            for setting in list where setting.parameter == .initialWindowSize {
                let change = setting.value - initialSendWindow
                initialSendWindow = setting.value
                for stream in streams.values { stream.sendWindow += change }
            }
            queueAll()
        }
    }

    private func received(_ increment: Int, on id: HTTP2StreamID) {
        if id == .rootStream {
            output.window += increment
            output.unblock()
        } else if let stream = streams[id] {
            stream.sendWindow += increment
            output.add(stream)
        }
    }

    private func queueAll() {
        for stream in streams.values where stream.hasPending { output.add(stream) }
    }

    /// Lets the client send as much as was received and is not held any more.
    func openWindow() {
        guard let increment = window.increment(received: police.policer.dataReceived, held: held) else { return }
        write(HTTP2Frame(streamID: .rootStream, payload: .windowUpdate(windowSizeIncrement: increment)))
    }

    /// How much of a response is held for a client that does not take it: the less, the more there are.
    var heldForStream: Int {
        let share = HTTP2ServerSettings.heldForClient / max(1, streams.count)
        return min(HTTP2ServerSettings.heldForStream.most, max(HTTP2ServerSettings.heldForStream.least, share))
    }

    // MARK: sending

    func write(_ frame: HTTP2Frame) {
        isFlushDue = true
        context?.write(wrapOutboundOut(frame), promise: nil)
    }

    /// What was written outside of a turn, such as an opened window.
    func flushWritten() {
        guard isFlushDue else { return }
        isFlushDue = false
        context?.flush()
    }

    /// Answers that become ready in one turn of the event loop leave together: one TLS record, one system call. The
    /// answer of a connection's only stream has nothing to wait for.
    func flush(_ stream: HTTP2ServerStream) {
        output.add(stream)
        if streams.count == 1 { return flush() }
        guard !isFlushScheduled else { return }
        isFlushScheduled = true
        loop.eventLoop.assumeIsolated().execute { [self] in
            isFlushScheduled = false
            flush()
        }
    }

    /// Sends what windows and the socket allow, a frame of each stream in turn. Not re-entered.
    private func flush() {
        guard let context, output.begin() else { return }
        repeat {
            while context.channel.isWritable, let frame = output.next() { write(frame) }
            isFlushDue = false
            context.flush()
            finishEnded()
        } while output.hasMore()
        output.end()
        if case .leaving = phase, streams.isEmpty { linger() }
    }

    private func finishEnded() {
        while let id = ended.popLast() { streams[id]?.endLeft() }
    }

    // MARK: ending streams

    func remove(_ stream: HTTP2ServerStream) {
        streams[stream.id] = nil
        police.streamIsOver(UInt32(Int32(stream.id)))
        if case .leaving = phase, streams.isEmpty, !isEnding { loopLater() }
    }

    /// What is under way on the stream may still write; the connection ends after it.
    private func loopLater() {
        context?.eventLoop.assumeIsolated().execute { [self] in
            if case .leaving = phase, streams.isEmpty { flush() }
        }
    }

    /// Resets a stream of ours. What was sent before is out first.
    func reset(_ stream: HTTP2ServerStream, _ code: HTTP2Code) {
        guard !stream.isOver else { return }
        flush()
        guard !stream.isOver else { return }
        stream.end()
        context?.flush()
        reset(stream.id, code)
        if code != .noError, code != .cancel {
            meter.wasReset(age: (NIODeadline.now() - stream.opened).nanoseconds)
            refuseAbuse()
        }
    }

    private func reset(_ id: HTTP2StreamID, _ code: HTTP2Code) {
        guard !isEnding else { return }
        write(HTTP2Frame(streamID: id, payload: .rstStream(code.library)))
        context?.flush()
    }

    // MARK: ending the connection

    var isEnding: Bool {
        switch phase {
        case .lingering, .closed: true
        case .serving, .announced, .leaving: false
        }
    }

    /// First step of leaving: the client learns that it should open another connection, and nothing is lost that is on
    /// its way (RFC 9113 §6.8).
    func announce() {
        guard phase == .serving else { return }
        // A client that reads only when it asks has answered no ping, and gets one answer more.
        phase = .announced(until: .now() + (loop.isDraining ? loop.idleLimit : HTTP2ServerSettings.goodbye))
        police.announceLeaving()
        write(HTTP2Frame(streamID: .rootStream, payload: .ping(HTTP2PingData(withInteger: 0x5a11), ack: false)))
        context?.flush()
    }

    /// Second step: this was the last request.
    func leave() {
        phase = .leaving
        sayGoodbye(.noError)
        if streams.isEmpty { linger() }
    }

    private func sayGoodbye(_ code: HTTP2Code) {
        isSayingGoodbye = true
        write(
            HTTP2Frame(
                streamID: .rootStream,
                payload: .goAway(lastStreamID: lastStream, errorCode: code.library, opaqueData: nil)))
        context?.flush()
        isSayingGoodbye = false
    }

    /// The client is not to be served any more.
    func refuse(_ refusal: HTTP2Refusal) {
        guard !isEnding else { return }
        report(refusal.reason, detail: "\(refusal.detail)", code: refusal.code.library)
        sayGoodbye(refusal.code)
        linger()
    }

    private func report(_ reason: Reason, detail: String, code: HTTP2ErrorCode) {
        session.refused(reason)
        loop.logger.warning(
            "HTTP/2 connection ended",
            metadata: [
                "code": "\(reason.name)", "detail": "\(detail)", "error": "\(code)",
                "listener": "\(session.listener.name)", "address": "\(context?.remoteAddress?.plainIPAddress ?? "unknown")",
                "identity": "\(session.identity?.displayName ?? "none")",
            ])
    }

    /// Nothing more is said. What still comes is thrown away for a moment, so that GOAWAY is not destroyed by a reset.
    private func linger() {
        guard !isEnding else { return }
        phase = .lingering(until: .now() + Timeouts.linger)
        for stream in streams.values { stream.wasReset() }
        police.discardInput()
        context?.flush()
        context?.close(mode: .output, promise: nil)
    }

    func close() {
        phase = .closed
        context?.close(promise: nil)
    }

    /// Ends every exchange and the connection when the client's certificate has been revoked since.
    func recheckIdentity() {
        guard phase != .closed, let reason = session.recheckIdentity() else { return }
        refuseClient(reason)
    }

    /// The same when the client has been banned since.
    func recheckBan() {
        guard phase != .closed else { return }
        if let reason = session.ban() { return refuseClient(reason) }
        for stream in streams.values { stream.exchange?.recheckBan() }
    }

    private func refuseClient(_ reason: Reason) {
        for stream in streams.values { stream.refuseClient(reason) }
        close()
    }
}
