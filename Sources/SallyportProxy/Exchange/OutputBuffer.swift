import NIOCore

/// Collects what one burst of events wants to write, so that a head and a small body leave in one TLS record and
/// one system call. Large pieces are passed on without being copied.
struct OutputBuffer {
    private var pending: ByteBuffer?
    /// Pieces of at least this many bytes are not copied.
    private static let copyLimit = 8 << 10

    var isEmpty: Bool { pending == nil }

    mutating func append(_ bytes: [UInt8], to context: ChannelHandlerContext) {
        if pending == nil { pending = context.channel.allocator.buffer(capacity: max(512, bytes.count)) }
        pending?.writeBytes(bytes)
    }

    mutating func append(_ piece: ByteBuffer, to context: ChannelHandlerContext) {
        if pending == nil || piece.readableBytes >= Self.copyLimit {
            write(to: context)
            context.write(NIOAny(piece), promise: nil)
            wrote = true
        } else {
            pending?.writeImmutableBuffer(piece)
        }
    }

    /// Whether something was handed to the channel since the last flush.
    private var wrote = false

    private mutating func write(to context: ChannelHandlerContext) {
        guard let buffer = pending.take() else { return }
        context.write(NIOAny(buffer), promise: nil)
        wrote = true
    }

    mutating func flush(_ context: ChannelHandlerContext) {
        write(to: context)
        guard wrote else { return }
        wrote = false
        context.flush()
    }
}
