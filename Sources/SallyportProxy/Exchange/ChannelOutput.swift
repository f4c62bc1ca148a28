import NIOCore

/// The writing side of a channel. It collects what one burst of events wants to write, so that a head and a small
/// body leave in one TLS record and one system call; large pieces are passed on without being copied.
///
/// Writing and flushing can change writability, which calls back into the connection that is writing. What it writes
/// then is collected and follows in order; a flush it asks for then comes after the one under way.
final class ChannelOutput {
    /// Nil once the handler has been removed; what is written then is dropped.
    var context: ChannelHandlerContext?
    private var pending: ByteBuffer?
    /// Something was handed to the channel since the last flush.
    private var isFlushDue = false
    private var isBusy = false
    private var isFlushWanted = false
    /// Bytes that were handed over to be written.
    private(set) var written: UInt64 = 0
    /// Pieces of at least this many bytes are not copied.
    private static let copyLimit = 8 << 10

    var isWritable: Bool { context?.channel.isWritable ?? false }

    /// Bytes that the peer has not taken yet, as far as they are not in the kernel.
    var waitingBytes: Int {
        guard let options = context?.channel.syncOptions else { return 0 }
        // A channel that is closed holds nothing.
        do { return try options.getOption(.bufferedWritableBytes) } catch { return 0 }
    }

    func write(_ bytes: [UInt8]) {
        guard let context else { return }
        written += UInt64(bytes.count)
        if pending == nil { pending = context.channel.allocator.buffer(capacity: max(512, bytes.count)) }
        pending?.writeBytes(bytes)
    }

    func write(_ piece: ByteBuffer) {
        guard let context else { return }
        written += UInt64(piece.readableBytes)
        if pending == nil && isBusy { pending = context.channel.allocator.buffer(capacity: piece.readableBytes) }
        guard !isBusy, pending == nil || piece.readableBytes >= Self.copyLimit else {
            pending?.writeImmutableBuffer(piece)
            return
        }
        isBusy = true
        if let first = pending.take() { context.write(NIOAny(first), promise: nil) }
        context.write(NIOAny(piece), promise: nil)
        isFlushDue = true
        isBusy = false
        if isFlushWanted { flush() }
    }

    func flush() {
        isFlushWanted = true
        guard !isBusy else { return }
        isBusy = true
        while isFlushWanted, let context {
            isFlushWanted = false
            if let last = pending.take() {
                context.write(NIOAny(last), promise: nil)
                isFlushDue = true
            }
            guard isFlushDue else { break }
            isFlushDue = false
            context.flush()
        }
        isFlushWanted = false
        isBusy = false
    }
}
