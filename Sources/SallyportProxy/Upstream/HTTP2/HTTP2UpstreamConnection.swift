import NIOCore
import NIOHTTP2
import SallyportHTTP
import SallyportModel
import SallyportTLS

/// What a connection tells the pool that opened it.
protocol HTTP2ConnectionOwner: AnyObject {
    /// The peer's first SETTINGS are there: it speaks HTTP/2.
    func opened()
    /// It ended before that.
    func failedToOpen(_ failure: UpstreamFailure)
    /// A request ended, or the peer allows more of them.
    func hasRoom()
    /// It takes no new requests: the peer said so, or its numbers are used up.
    func retiredOne()
    func closed(_ connection: HTTP2UpstreamConnection)
    /// TLS with the target failed after the handshake.
    func report(_ failure: UpstreamTLSFailure)
}

/// One HTTP/2 connection to a target: frames in, frames out, and the streams that share it.
///
///         opening ──SETTINGS──▶ open ──GOAWAY, used up──▶ draining ──last stream──▶ closed
///            └────────────────────┴────────error, end─────────┴────────────────────────▲
///
/// `NIOHTTP2Handler` in front of it frames, compresses and keeps the states of streams. It neither closes after an error
/// nor gives windows back; both is done here. A window of the connection is given back on arrival, that of a stream when
/// its client took the bytes.
final class HTTP2UpstreamConnection: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    private enum State { case opening, open, draining, closed }

    /// The owner and its connections hold each other until they close.
    private let owner: any HTTP2ConnectionOwner
    private let eventLoop: any EventLoop
    let limits: HTTPLimits
    /// Of the target: `https` or `http`.
    let scheme: String
    private var context: ChannelHandlerContext?
    private var state = State.opening
    private var streams: [HTTP2StreamID: HTTP2UpstreamStream] = [:]
    /// What the peer may still send on a stream, where that is less than it began with.
    private var windows: [HTTP2StreamID: Int] = [:]
    /// Handed out, and no head was sent yet.
    private var reserved = 0
    private var nextStream = 1
    private var allowedStreams = HTTP2UpstreamSettings.streams
    /// The peer has said that it knows extended CONNECT (RFC 8441 §3).
    private(set) var takesTunnels = false
    /// Of the GOAWAY that came.
    private var goAway: HTTP2ErrorCode?
    /// The library found an error of the connection and said GOAWAY.
    private var isBroken = false
    /// Streams some of whose content left since the last look.
    private var relieved: [HTTP2UpstreamStream] = []
    /// Streams that were given something since the last read ended.
    private var touched: [HTTP2UpstreamStream] = []
    private var idleFrames = 0
    private var silence: PeerSilence
    /// A look at whether the peer lives is planned.
    private var isWatched = false
    /// Something was written and not flushed.
    private var isFlushDue = false
    /// When the pool closes it if nobody uses it.
    private(set) var idleSince: NIODeadline
    /// Set when TLS refused something after the handshake.
    private var failure: UpstreamFailure?

    init(owner: any HTTP2ConnectionOwner, eventLoop: any EventLoop, scheme: String, limits: HTTPLimits) {
        self.owner = owner
        self.eventLoop = eventLoop
        self.scheme = scheme
        self.limits = limits
        idleSince = eventLoop.now
        silence = PeerSilence(now: idleSince)
    }

    var isOpen: Bool { state == .open }
    var isOpening: Bool { state == .opening }
    var isUnused: Bool { streams.isEmpty && reserved == 0 }
    var hasRoom: Bool { state == .open && streams.count + reserved < allowedStreams }
    var isWritable: Bool { context?.channel.isWritable ?? false }
    var allocator: ByteBufferAllocator? { context?.channel.allocator }

    // MARK: the pool's side

    /// A place for one request. Nil: there is none.
    func reserve(target: Int) -> HTTP2UpstreamStream? {
        guard hasRoom else { return nil }
        reserved += 1
        return HTTP2UpstreamStream(connection: self, target: target)
    }

    /// No further requests; those under way go on.
    func drain() {
        guard state == .open || state == .opening else { return }
        state = .draining
        closeIfUnused()
    }

    func close() {
        state = .closed
        context?.close(promise: nil)
    }

    /// Opening took too long.
    func giveUp() {
        guard state == .opening else { return }
        end(UpstreamFailure(.upstreamNotHTTP2, isUnprocessed: true))
    }

    // MARK: the streams' side

    /// Gives a stream its number, in the order in which heads are sent. Nil: the connection takes no more.
    func begin(_ stream: HTTP2UpstreamStream) -> HTTP2StreamID? {
        guard state == .open else { return nil }
        reserved -= 1
        let number = HTTP2StreamID(nextStream)
        nextStream += 2
        streams[number] = stream
        watch()
        if nextStream > HTTP2UpstreamSettings.lastStream { retire() }
        return number
    }

    /// The place of a stream that never began.
    func unreserve() {
        reserved -= 1
        freed()
    }

    /// The exchange is done with a stream.
    /// - Parameter code: what to tell the peer; nil when both sides have ended.
    func forget(_ number: HTTP2StreamID, reset code: HTTP2ErrorCode?) {
        guard remove(number) != nil else { return }
        if let code, state != .closed {
            write(.rstStream(code), on: number)
            flush()
        }
        freed()
    }

    private func remove(_ number: HTTP2StreamID) -> HTTP2UpstreamStream? {
        windows[number] = nil
        return streams.removeValue(forKey: number)
    }

    private func freed() {
        if isUnused { idleSince = eventLoop.now }
        guard state == .open else { return closeIfUnused() }
        owner.hasRoom()
    }

    func write(_ payload: HTTP2Frame.FramePayload, on number: HTTP2StreamID) {
        guard let context, state != .closed else { return }
        isFlushDue = true
        context.write(wrapOutboundOut(HTTP2Frame(streamID: number, payload: payload)), promise: nil)
    }

    func flush() {
        guard isFlushDue, let context else { return }
        isFlushDue = false
        context.flush()
        tellRelieved()
    }

    // MARK: ends

    private func retire() {
        guard state == .open else { return }
        state = .draining
        owner.retiredOne()
    }

    private func closeIfUnused() {
        guard state == .draining, isUnused else { return }
        if goAway == nil {
            write(.goAway(lastStreamID: .rootStream, errorCode: .noError, opaqueData: nil), on: .rootStream)
            flush()
        }
        close()
    }

    /// The connection is of no further use to anybody.
    private func end(_ failure: UpstreamFailure) {
        guard state != .closed else { return }
        let wasOpening = state == .opening
        state = .closed
        // Before the owner hears of the end of the connection: it would open another one for those who wait.
        if wasOpening { owner.failedToOpen(failure) }
        loseStreams(failure)
        context?.close(promise: nil)
    }

    private func loseStreams(_ failure: UpstreamFailure) {
        let lost = streams.values.map(\.self)
        streams = [:]
        windows = [:]
        for stream in lost { stream.lost(failure) }
        for stream in lost { stream.readComplete() }
    }

    /// Streams above `last` were never looked at (RFC 9113 §6.8).
    private func receiveGoAway(last: HTTP2StreamID, code: HTTP2ErrorCode) {
        goAway = code
        retire()
        let failure = UpstreamFailure(
            code == .enhanceYourCalm ? .upstreamOverwhelmed : .upstreamRefusedStream, isUnprocessed: true)
        for (number, stream) in streams where number > last {
            _ = remove(number)
            stream.lost(failure)
            stream.readComplete()
        }
        closeIfUnused()
    }
}

// MARK: - whether the peer lives

extension HTTP2UpstreamConnection {
    /// A dead connection is found by asking. It watches itself while it has streams: those may outlive the pool, which ends
    /// with its generation.
    private func watch() {
        guard !isWatched, !streams.isEmpty else { return }
        isWatched = true
        let next = max(silence.nextLook, eventLoop.now)
        eventLoop.assumeIsolated().scheduleTask(deadline: next) { [weak self] in self?.look() }
    }

    private func look() {
        isWatched = false
        guard state == .open || state == .draining, !streams.isEmpty else { return }
        switch silence.look(at: eventLoop.now) {
        case .alive: break
        case .ask:
            write(.ping(HTTP2PingData(withInteger: 0x73616c6c79), ack: false), on: .rootStream)
            flush()
        case .dead: return end(UpstreamFailure(.upstreamSilent))
        }
        watch()
    }
}

// MARK: - the channel's side

extension HTTP2UpstreamConnection {
    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        write(.windowUpdate(windowSizeIncrement: HTTP2UpstreamSettings.connectionWindow - 65_535), on: .rootStream)
        flush()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end(failure ?? UpstreamFailure(.upstreamClosed))
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard state != .closed else { return }
        silence.heard(at: eventLoop.now)
        receive(unwrapInboundIn(data))
    }

    private func receive(_ frame: HTTP2Frame) {
        switch frame.payload {
        case .headers(let headers):
            idleFrames = 0
            guard let stream = streams[frame.streamID] else { return }
            touch(stream)
            stream.receive(HTTP2ResponseFields(headers.headers, limits: limits), endsStream: headers.endStream)
        case .data(let data):
            guard case .byteBuffer(let piece) = data.data else { return }
            if piece.readableBytes > 0 { idleFrames = 0 } else { countIdleFrame() }
            guard let stream = streams[frame.streamID] else { return }
            touch(stream)
            stream.receive(piece, endsStream: data.endStream)
        case .rstStream(let code):
            countIdleFrame()
            streamEnded(frame.streamID, UpstreamFailure(reset: code))
        case .goAway(let last, let code, _): receiveGoAway(last: last, code: code)
        case .settings(.settings(let settings)):
            countIdleFrame()
            receive(settings)
        case .ping, .settings(.ack), .priority, .windowUpdate, .pushPromise, .alternativeService, .origin:
            countIdleFrame()
        }
    }

    /// Frames that move nothing forward cost the sender nothing; there is an end to them.
    private func countIdleFrame() {
        idleFrames += 1
        guard idleFrames > HTTP2UpstreamSettings.idleFrames else { return }
        write(.goAway(lastStreamID: .rootStream, errorCode: .enhanceYourCalm, opaqueData: nil), on: .rootStream)
        flush()
        end(UpstreamFailure(.upstreamProtocolError))
    }

    private func receive(_ settings: HTTP2Settings) {
        for setting in settings {
            switch setting.parameter {
            case .maxConcurrentStreams: allowedStreams = min(setting.value, HTTP2UpstreamSettings.streams)
            case .enableConnectProtocol: takesTunnels = setting.value == 1
            default: break
            }
        }
        if state == .opening {
            state = .open
            idleSince = eventLoop.now
            owner.opened()
        } else if hasRoom {
            owner.hasRoom()
        }
    }

    /// These get to know when the read ends.
    private func touch(_ stream: HTTP2UpstreamStream) {
        guard !stream.isTouched else { return }
        stream.isTouched = true
        touched.append(stream)
    }

    private func streamEnded(_ number: HTTP2StreamID, _ failure: UpstreamFailure) {
        guard let stream = remove(number) else { return }
        touch(stream)
        stream.lost(failure)
        freed()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        let told = touched
        touched.removeAll(keepingCapacity: true)
        for stream in told { stream.readComplete() }
        tellRelieved()
        flush()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        for stream in streams.values.map(\.self) { stream.writabilityChanged() }
        tellRelieved()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? NIOHTTP2WindowUpdatedEvent, let size = event.inboundWindowSize {
            windowChanged(event.streamID, size)
        } else if let event = event as? StreamClosedEvent {
            streamClosed(event)
        }
        context.fireUserInboundEventTriggered(event)
    }

    private func streamClosed(_ event: StreamClosedEvent) {
        if event.reason != nil {
            // The library reset it: the peer broke a rule of this stream alone.
            streamEnded(event.streamID, UpstreamFailure(.upstreamMalformed))
        } else if let stream = streams[event.streamID], stream.isOver {
            _ = remove(event.streamID)
            freed()
        }
    }

    private func windowChanged(_ number: HTTP2StreamID, _ size: Int) {
        guard number == .rootStream else {
            windows[number] = size
            return refill(number)
        }
        let missing = HTTP2UpstreamSettings.connectionWindow - size
        guard missing >= HTTP2UpstreamSettings.connectionWindow / 2 else { return }
        write(.windowUpdate(windowSizeIncrement: missing), on: .rootStream)
    }

    /// Gives the peer back what the client of this stream has taken.
    func refill(_ number: HTTP2StreamID) {
        guard let window = windows[number], let missing = streams[number]?.increment(for: window) else { return }
        write(.windowUpdate(windowSizeIncrement: missing), on: number)
    }

    /// Calls back when what is under way now is over.
    func later(_ work: @escaping () -> Void) {
        eventLoop.assumeIsolated().execute(work)
    }

    func later(in time: TimeAmount, _ work: @escaping () -> Void) {
        eventLoop.assumeIsolated().scheduleTask(in: time, work)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(failure ?? (state == .opening ? UpstreamFailure(.upstreamNotHTTP2) : UpstreamFailure(connectionEnded: goAway)))
        owner.closed(self)
        context.fireChannelInactive()
    }

    /// The last handler of the pipeline. Errors of one stream were told as the end of that stream; every other error ends
    /// the connection, which the library leaves to us.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if isBroken {
            return end(UpstreamFailure(state == .opening ? .upstreamNotHTTP2 : .upstreamProtocolError))
        }
        if let explained = UpstreamTLSFailure(error) {
            failure = UpstreamFailure(explained.reason)
            owner.report(explained)
        } else if error is any NIOHTTP2Error {
            return
        }
        end(failure ?? UpstreamFailure(connectionEnded: goAway))
    }

    private func tellRelieved() {
        guard !relieved.isEmpty else { return }
        let told = relieved
        relieved.removeAll(keepingCapacity: true)
        for stream in told { stream.writabilityChanged() }
    }
}

/// Frames that have left. Called in the middle of the library's work, so nothing may be written here.
extension HTTP2UpstreamConnection: NIOHTTP2FrameDelegate {
    func wroteFrame(_ frame: HTTP2Frame) {
        switch frame.payload {
        case .data(let data):
            // The peer opens its windows and measures by what it gets.
            idleFrames = max(0, idleFrames - 10)
            guard let stream = streams[frame.streamID] else { return }
            stream.left(data.data.readableBytes, endsStream: data.endStream)
            relieved.append(stream)
        case .headers(let headers):
            if headers.endStream { streams[frame.streamID]?.left(0, endsStream: true) }
        case .goAway(_, let code, _):
            if code != .noError { isBroken = true }
        default: break
        }
    }
}
