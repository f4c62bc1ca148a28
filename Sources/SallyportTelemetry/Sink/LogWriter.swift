import Glibc

/// Owns the descriptor and the batch of lines for it; lives on the sink's thread.
///
/// A write that fails loses its batch, is counted, and is reported once on standard error; as soon as writing works
/// again the log itself says how much is missing.
package struct LogWriter: ~Copyable {
    package var buffer = LineBuffer(capacity: batchSize + (16 << 10))
    private var descriptor: LogDescriptor
    private let format: LogFormat
    /// Lines that did not reach the descriptor and that it has not been told about.
    private var lost: UInt64 = 0
    /// Lines that were lost since the start.
    private(set) var lostEver: UInt64 = 0
    /// A failed write left half a line behind.
    private var isMidLine = false
    private var didReport = false

    /// Bytes after which a batch is written.
    static let batchSize = 128 << 10

    init(_ descriptor: consuming LogDescriptor, format: LogFormat) {
        self.descriptor = descriptor
        self.format = format
    }

    mutating func replace(_ descriptor: consuming LogDescriptor) {
        self.descriptor = descriptor
        isMidLine = false
        didReport = false
    }

    mutating func add(lost count: UInt64) {
        lost += count
        lostEver += count
    }

    /// Writes when the batch is large; to be called after each line.
    package mutating func writeIfFull() {
        if buffer.bytes.count >= Self.batchSize { write() }
    }

    var hasWork: Bool { buffer.lines > 0 || lost > 0 }

    mutating func write() {
        guard hasWork else { return }
        let lostBefore = lost
        if lost > 0 { buffer.appendLossNotice(lost, format: format) }
        let notice: UInt64 = lost > 0 ? 1 : 0
        switch Self.writeAll(buffer.bytes, to: descriptor.raw, breakingLine: isMidLine) {
        case .done:
            lost = 0
            isMidLine = false
            didReport = false
        case .failed(let code, let written):
            lost = lostBefore + UInt64(buffer.lines) - notice
            lostEver += UInt64(buffer.lines) - notice
            if written > 0 { isMidLine = true }
            report(code)
        }
        buffer.removeAll()
    }

    private mutating func report(_ code: Int32) {
        guard !didReport else { return }
        didReport = true
        let text =
            "sallyport: cannot write to \(descriptor.name): \(systemMessage(code)); log lines are counted as lost\n"
        _ = Self.writeAll(Array(text.utf8), to: STDERR_FILENO, breakingLine: false)
    }

    private enum WriteResult {
        case done
        case failed(code: Int32, written: Int)
    }

    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32, breakingLine: Bool) -> WriteResult {
        if breakingLine {
            if case .failed(let code, _) = writeAll([UInt8(ascii: "\n")], to: descriptor, breakingLine: false) {
                return .failed(code: code, written: 0)
            }
        }
        return bytes.withUnsafeBytes { all in
            var written = 0
            while written < all.count {
                let count = Glibc.write(descriptor, all.baseAddress?.advanced(by: written), all.count - written)
                if count > 0 {
                    written += count
                } else if count < 0, !canGoOn(after: errno, descriptor) {
                    return .failed(code: errno, written: written)
                }
            }
            return .done
        }
    }

    /// Whether the write may be tried again. Waits while a descriptor that somebody made non-blocking is full.
    private static func canGoOn(after code: Int32, _ descriptor: Int32) -> Bool {
        switch code {
        case EINTR: return true
        case EAGAIN:
            var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            _ = poll(&request, 1, 1000)
            return true
        default: return false
        }
    }
}
