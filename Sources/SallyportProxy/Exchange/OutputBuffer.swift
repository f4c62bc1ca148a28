import NIOCore

/// Collects what one burst of events wants to write, so that a head and a small body leave in one TLS record and
/// one system call. Large pieces are passed on without being copied.
///
/// It writes nothing itself: a write can change writability, which calls back into the code that is writing. The
/// caller takes what is due out of the buffer first and writes it then.
struct OutputBuffer {
    private var pending: ByteBuffer?
    /// Something was handed out since the last flush.
    private var isFlushDue = false
    /// Pieces of at least this many bytes are not copied.
    private static let copyLimit = 8 << 10

    mutating func append(_ bytes: [UInt8], allocator: ByteBufferAllocator) {
        if pending == nil { pending = allocator.buffer(capacity: max(512, bytes.count)) }
        pending?.writeBytes(bytes)
    }

    /// Returns what has to be written now, in this order, for the piece not to be copied.
    mutating func append(_ piece: ByteBuffer) -> (ByteBuffer?, ByteBuffer?) {
        guard pending == nil || piece.readableBytes >= Self.copyLimit else {
            pending?.writeImmutableBuffer(piece)
            return (nil, nil)
        }
        isFlushDue = true
        return (pending.take(), piece)
    }

    /// Returns what is left to write, and whether a flush is due after it.
    mutating func finish() -> (last: ByteBuffer?, isFlushDue: Bool) {
        let last = pending.take()
        defer { isFlushDue = false }
        return (last, isFlushDue || last != nil)
    }
}
