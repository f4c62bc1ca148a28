import NIOCore
import NIOHPACK
import NIOHTTP2

/// A response as far as it was not handed to the connection yet: heads, content, end.
struct HTTP2OutboundMessage {
    private var heads: [HPACKHeaders] = []
    private var hasFinalHead = false
    private var pieces = CircularBuffer<ByteBuffer>(initialCapacity: 2)
    private(set) var queued = 0
    private(set) var isEnded = false
    /// END_STREAM was handed on; there is nothing more.
    private(set) var isDone = false
    private var trailers: HPACKHeaders?
    /// Content that the head promised and that has not come; nil when nobody knows how much.
    private var promised: UInt64?

    /// What can be handed on next.
    enum Next {
        case frame(HTTP2Frame.FramePayload, bytes: Int, endsStream: Bool)
        /// Content is there, and no room for it.
        case needsWindow
        case nothing
    }

    var hasPending: Bool { !heads.isEmpty || queued > 0 || isEnded && !isDone }

    mutating func addInterim(_ head: HPACKHeaders) { heads.append(head) }

    mutating func begin(_ head: HPACKHeaders, promised: UInt64?) {
        guard !hasFinalHead else { return }
        heads.append(head)
        hasFinalHead = true
        self.promised = promised
    }

    /// False: more than promised.
    mutating func add(_ piece: ByteBuffer) -> Bool {
        guard hasFinalHead, !isEnded else { return false }
        if let promised {
            guard UInt64(piece.readableBytes) <= promised else { return false }
            self.promised = promised - UInt64(piece.readableBytes)
        }
        guard piece.readableBytes > 0 else { return true }
        queued += piece.readableBytes
        pieces.append(piece)
        return true
    }

    /// False: less than promised.
    mutating func end(_ trailers: HPACKHeaders?) -> Bool {
        guard hasFinalHead, promised ?? 0 == 0, !isEnded else { return false }
        isEnded = true
        self.trailers = trailers
        return true
    }

    /// - Parameter room: bytes of content that may go now.
    mutating func next(room: Int) -> Next {
        if !heads.isEmpty {
            let head = heads.removeFirst()
            let ends = heads.isEmpty && hasFinalHead && isEnded && queued == 0 && trailers == nil
            if ends { isDone = true }
            return .frame(.headers(.init(headers: head, endStream: ends)), bytes: 0, endsStream: ends)
        }
        if queued > 0 { return room > 0 ? data(upTo: room) : .needsWindow }
        guard isEnded, !isDone else { return .nothing }
        isDone = true
        if let trailers { return .frame(.headers(.init(headers: trailers, endStream: true)), bytes: 0, endsStream: true) }
        return .frame(.data(.init(data: .byteBuffer(ByteBuffer()), endStream: true)), bytes: 0, endsStream: true)
    }

    /// Small pieces that follow one another leave in one frame.
    private mutating func data(upTo room: Int) -> Next {
        var content = ByteBuffer()
        while content.readableBytes < room, var piece = pieces.popFirst() {
            let part = piece.readSlice(length: min(piece.readableBytes, room - content.readableBytes)) ?? ByteBuffer()
            if content.readableBytes == 0 { content = part } else { content.writeImmutableBuffer(part) }
            if piece.readableBytes > 0 { pieces.prepend(piece) }
        }
        queued -= content.readableBytes
        let ends = queued == 0 && isEnded && trailers == nil
        if ends { isDone = true }
        return .frame(
            .data(.init(data: .byteBuffer(content), endStream: ends)), bytes: content.readableBytes, endsStream: ends)
    }

    /// Nothing more goes out.
    mutating func drop() {
        heads = []
        trailers = nil
        pieces.removeAll()
        queued = 0
        isEnded = true
        isDone = true
    }
}
