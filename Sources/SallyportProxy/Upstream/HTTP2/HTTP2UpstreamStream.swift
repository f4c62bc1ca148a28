import NIOCore
import NIOHTTP2
import SallyportHTTP
import SallyportModel

/// One request and its response on an HTTP/2 connection.
///
/// While the client does not read, what comes is held here, and the peer's window is not given back; so at most
/// `HTTP2UpstreamSettings.streamWindow` bytes are held. What the peer does not take is held by the connection; the client
/// is not read from `HTTP2UpstreamSettings.highWatermark` bytes on.
final class HTTP2UpstreamStream {
    let target: Int
    let connection: HTTP2UpstreamConnection
    private var number: HTTP2StreamID?
    private var delegate: (any UpstreamDelegate)?
    private var isReleased = false
    /// It has a place on the connection and no number yet.
    private var isReserved = true
    /// In the connection's list of streams that get to know the end of a read.
    var isTouched = false

    // The request
    private var content = BodyWriter(.none)
    private var framePrefix: [UInt8] = []
    /// The last piece of content: it leaves together with the end of the stream, if that is what comes next.
    private var piece: ByteBuffer?
    private var isEnded = false
    private var endHasLeft = false
    /// Bytes that were given to the stream and have not left the connection.
    private var outstanding = 0
    private var wasWritable = true

    /// The target agreed to a tunnel.
    private var isTunnel = false

    // The response
    private var reader = HTTP2ResponseReader(answering: .get)
    private var isReading = true
    private var held: ByteBuffer?
    private var heldEnd: End?

    private enum End {
        case plain
        case trailers(Trailers?)
    }

    init(connection: HTTP2UpstreamConnection, target: Int) {
        self.connection = connection
        self.target = target
    }

    // MARK: what comes

    func receive(_ fields: HTTP2ResponseFields, endsStream: Bool) {
        switch reader.headers(fields, endsStream: endsStream) {
        case .interim(let head): delegate?.upstreamHead(head)
        case .head(let head, let isWhole):
            isTunnel = head.opensTunnel
            delegate?.upstreamHead(head)
            if isWhole { finish(.plain) }
        case .trailers(let trailers): finish(.trailers(trailers))
        case .content: break
        case .refused(let reason): fail(UpstreamFailure(reason), reset: .protocolError)
        }
    }

    func receive(_ bytes: ByteBuffer, endsStream: Bool) {
        switch reader.data(bytes.readableBytes, endsStream: endsStream) {
        case .refused(let reason): fail(UpstreamFailure(reason), reset: .protocolError)
        case .content(let isWhole):
            if bytes.readableBytes > 0 { pass(bytes) }
            if isWhole { finish(.plain) }
        case .interim, .head, .trailers: break
        }
    }

    private func pass(_ bytes: ByteBuffer) {
        guard delegate != nil else { return }
        if isReading, held == nil {
            delegate?.upstreamBody(bytes)
        } else if held == nil {
            // A small piece would keep the whole buffer alive that it was read into.
            held = ByteBuffer()
            held?.writeImmutableBuffer(bytes)
        } else {
            held?.writeImmutableBuffer(bytes)
        }
    }

    private func finish(_ end: End) {
        guard isReading, held == nil else {
            heldEnd = end
            return
        }
        switch end {
        case .plain: delegate?.upstreamEnd(nil, keepAlive: true)
        case .trailers(let trailers): delegate?.upstreamEnd(trailers, keepAlive: true)
        }
    }

    /// The client reads again.
    private func resumeReading() {
        guard isReading, !isReleased else { return }
        if let bytes = held.take() { delegate?.upstreamBody(bytes) }
        if isReading, let end = heldEnd.take() { finish(end) }
        delegate?.upstreamReadComplete()
        guard isReading, !isReleased, let number else { return }
        connection.refill(number)
        connection.flush()
    }

    /// How much of the peer's window to give back, when it has this much left. Nil: nothing now.
    func increment(for window: Int) -> Int? {
        guard isReading, !isReleased, !reader.isWhole else { return nil }
        let missing = HTTP2UpstreamSettings.streamWindow - window - (held?.readableBytes ?? 0)
        return missing >= HTTP2UpstreamSettings.streamWindow / 2 ? missing : nil
    }

    func readComplete() {
        isTouched = false
        delegate?.upstreamReadComplete()
    }

    // MARK: ends

    /// The stream is gone: the peer reset it, or broke its rules so that the library did, or the connection is lost. After
    /// a whole response that only says that nobody wants the rest of the request (RFC 9113 §8.1).
    func lost(_ failure: UpstreamFailure) {
        number = nil
        guard !reader.isWhole else { return }
        fail(failure, reset: nil)
    }

    private func fail(_ failure: UpstreamFailure, reset code: HTTP2ErrorCode?) {
        guard !isReleased else { return }
        let delegate = delegate.take()
        letGo(code)
        delegate?.upstreamFailed(failure)
    }

    private func letGo(_ code: HTTP2ErrorCode?) {
        isReleased = true
        held = nil
        heldEnd = nil
        piece = nil
        if let number = number.take() { connection.forget(number, reset: code) }
        if isReserved {
            isReserved = false
            connection.unreserve()
        }
    }

    // MARK: what has left

    func left(_ count: Int, endsStream: Bool) {
        outstanding -= count
        if endsStream { endHasLeft = true }
    }

    /// Both sides are done; the connection has a place free again, also while the response waits here for its client.
    var isOver: Bool { endHasLeft && reader.isWhole }

    func writabilityChanged() {
        let limit = wasWritable ? HTTP2UpstreamSettings.highWatermark : HTTP2UpstreamSettings.lowWatermark
        let isWritable = connection.isWritable && outstanding < limit
        guard isWritable != wasWritable else { return }
        wasWritable = isWritable
        delegate?.upstreamWritabilityChanged(isWritable)
    }
}

// MARK: - the exchange's side

extension HTTP2UpstreamStream: UpstreamStream {
    var isWritable: Bool {
        connection.isWritable && outstanding < HTTP2UpstreamSettings.highWatermark
    }

    func attach(_ delegate: any UpstreamDelegate) {
        self.delegate = delegate
    }

    func sendHead(_ request: RequestHead, _ forwarding: RequestForwarding) {
        let accept = request.tunnel == nil ? nil : WebSocketAccept(request)
        if request.tunnel != nil, accept == nil { return failLater(UpstreamFailure(.invalidWebSocketKey)) }
        reader = HTTP2ResponseReader(answering: request.methodKind, accept: accept?.value)
        var list = HPACKFieldList()
        do {
            try describeRequest(request, forwarding, scheme: connection.scheme, into: &list)
        } catch {
            return failLater(UpstreamFailure(.requestNotText))
        }
        guard list.headers.fitsFrame else { return failLater(UpstreamFailure(.headersTooLarge)) }
        guard let number = connection.begin(self) else {
            return failLater(UpstreamFailure(.upstreamRefusedStream, isUnprocessed: true))
        }
        self.number = number
        isReserved = false
        // What a tunnel carries ends with the tunnel, and so does a request for one.
        let framing = request.tunnel == nil ? forwarding.framing : .untilClose
        content = BodyWriter(framing == .chunked ? .untilClose : framing)
        isEnded = framing == .none || framing == .length(0)
        connection.write(.headers(.init(headers: list.headers, endStream: isEnded)), on: number)
    }

    /// The exchange is in the middle of a call to the stream, and hears of it after that.
    private func failLater(_ failure: UpstreamFailure) {
        connection.later { [self] in
            guard !isReleased else { return }
            fail(failure, reset: nil)
            readComplete()
        }
    }

    func sendBody(_ piece: ByteBuffer) -> Bool {
        guard content.prefix(forChunkOf: piece.readableBytes, into: &framePrefix) else { return false }
        guard number != nil, !isEnded, piece.readableBytes > 0 else { return true }
        writePiece()
        self.piece = piece
        outstanding += piece.readableBytes
        if outstanding >= HTTP2UpstreamSettings.highWatermark { wasWritable = false }
        return true
    }

    func sendEnd(_ trailers: Trailers?) -> Bool {
        guard content.finish(into: &framePrefix) else { return false }
        guard let number, !isEnded else { return true }
        isEnded = true
        if let fields = trailers.flatMap(HPACKFieldList.init(trailers:)) {
            writePiece()
            connection.write(.headers(.init(headers: fields.headers, endStream: true)), on: number)
        } else {
            let last = piece.take() ?? ByteBuffer()
            connection.write(.data(.init(data: .byteBuffer(last), endStream: true)), on: number)
        }
        return true
    }

    private func writePiece() {
        guard let piece = piece.take(), let number else { return }
        connection.write(.data(.init(data: .byteBuffer(piece))), on: number)
    }

    func flush() {
        writePiece()
        connection.flush()
    }

    func setReading(_ reading: Bool) {
        guard reading != isReading else { return }
        isReading = reading
        guard reading else { return }
        // The exchange is in the middle of a call of its client.
        connection.later { [self] in resumeReading() }
    }

    func release(keep: Bool) {
        guard !isReleased else { return }
        delegate = nil
        if isTunnel, number != nil { sayFarewell() } else { letGo(isOver ? nil : .cancel) }
    }

    /// What a tunnel was given to write still goes out, and an end behind it (RFC 8441 §5): its last words are often what
    /// matters. What the target still sends is dropped.
    private func sayFarewell() {
        isReleased = true
        held = nil
        heldEnd = nil
        _ = sendEnd(nil)
        flush()
        if isOver { return letGo(nil) }
        connection.later(in: HTTP2UpstreamSettings.farewell) { [self] in letGo(isOver ? nil : .cancel) }
    }
}
