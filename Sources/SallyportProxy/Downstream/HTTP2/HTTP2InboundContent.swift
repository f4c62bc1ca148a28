import NIOCore
import SallyportHTTP
import SallyportModel

/// The content of a request that has come and was not taken yet, held to what the head announced.
///
/// Small pieces are put together, so that what is held costs about as much memory as it has bytes, however it was cut.
struct HTTP2InboundContent {
    private var pieces = CircularBuffer<ByteBuffer>(initialCapacity: 2)
    /// The last piece is our own copy and can grow.
    private var lastIsOwn = false
    /// Bytes that are held.
    private(set) var held = 0
    private(set) var isEnded: Bool
    private(set) var trailers: Trailers?
    /// Bytes that were announced and have not come; nil when nobody said how many.
    private var remaining: UInt64?
    /// Bytes that may come, announced or not.
    private var allowance: UInt64

    /// Larger pieces keep the buffer that they were received in.
    private static let copyLimit = 8 << 10

    /// - Parameter limit: bytes of content that is not announced; nil for a tunnel, which has no content.
    init(_ framing: BodyFraming, isEnded: Bool, limit: UInt64?) {
        self.isEnded = isEnded
        allowance = limit ?? .max
        remaining =
            switch framing {
            case .none: limit == nil ? nil : 0
            case .length(let length): length
            case .chunked, .untilClose: nil
            }
    }

    var isEmpty: Bool { pieces.isEmpty }

    /// Counts what came. Nil when it fits; else why not.
    mutating func count(_ bytes: Int, ends: Bool) -> Reason? {
        let count = UInt64(bytes)
        if let left = remaining {
            guard count <= left, !ends || count == left else { return .http2LengthMismatch }
            remaining = left - count
        }
        guard count <= allowance else { return .bodyTooLarge }
        if allowance != .max { allowance -= count }
        if ends { isEnded = true }
        return nil
    }

    mutating func end(with trailers: Trailers?) -> Reason? {
        self.trailers = trailers
        return count(0, ends: true)
    }

    /// The end has come, and nobody asks what stood before it.
    mutating func close() { isEnded = true }

    mutating func hold(_ piece: ByteBuffer) {
        guard piece.readableBytes > 0 else { return }
        held += piece.readableBytes
        guard piece.readableBytes < Self.copyLimit else {
            pieces.append(piece)
            lastIsOwn = false
            return
        }
        if lastIsOwn, let last = pieces.indices.last, pieces[last].readableBytes < 2 * Self.copyLimit {
            pieces[last].writeImmutableBuffer(piece)
        } else {
            pieces.append(ByteBuffer(bytes: piece.readableBytesView))
            lastIsOwn = true
        }
    }

    mutating func take() -> ByteBuffer? {
        guard let piece = pieces.popFirst() else { return nil }
        held -= piece.readableBytes
        return piece
    }

    /// Nobody wants it any more. Returns the number of bytes that were held.
    mutating func drop() -> Int {
        defer { held = 0 }
        pieces.removeAll()
        return held
    }
}
