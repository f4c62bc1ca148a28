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

/// The writing side of a channel, with its `OutputBuffer`.
///
/// A class, so that a write that calls back into the connection finds the buffer consistent and free.
final class ChannelOutput {
    /// Nil once the handler has been removed; what is written then is dropped.
    var context: ChannelHandlerContext?
    private var buffer = OutputBuffer()

    var isWritable: Bool { context?.channel.isWritable ?? false }

    func write(_ bytes: [UInt8]) {
        guard let context else { return }
        buffer.append(bytes, allocator: context.channel.allocator)
    }

    func write(_ piece: ByteBuffer) {
        guard let context else { return }
        let (first, second) = buffer.append(piece)
        if let first { context.write(NIOAny(first), promise: nil) }
        if let second { context.write(NIOAny(second), promise: nil) }
    }

    func flush() {
        guard let context else { return }
        let (last, isFlushDue) = buffer.finish()
        if let last { context.write(NIOAny(last), promise: nil) }
        if isFlushDue { context.flush() }
    }
}
