import Glibc
import Synchronization

/// Takes log lines from any thread without ever waiting for a disk or a pipe, and writes them on a thread of its own.
///
/// The queue is bounded. What does not fit is counted, and the log says how many lines are missing as soon as there
/// is room: nothing is dropped silently. While lines arrive the thread writes about every `interval`, many lines per
/// system call; when nothing arrives it sleeps until it is woken.
package final class LogSink: Sendable {
    private let format: LogFormat
    private let interval: Duration
    private let source: (any LogSource)?
    private let queue: Mutex<Queue>
    private let bell = WakeBell()
    private let isParked = Atomic<Bool>(false)
    private let lostLines = Atomic<UInt64>(0)

    /// Lines that were not written since the start, as of the newest turn.
    package var lost: UInt64 { lostLines.load(ordering: .relaxed) }

    /// Bound on the queue between two turns of the thread.
    package static let maximumQueuedBytes = 1 << 20

    private struct Queue: ~Copyable {
        var bytes: [UInt8] = []
        var lines = 0
        var lost: UInt64 = 0
        /// The descriptor to write to from the next turn on.
        var descriptor: LogDescriptor?
        var isClosing = false
        /// Turns of the thread that began and that finished; `flush` compares them.
        var begun: UInt64 = 0
        var finished: UInt64 = 0

        var isEmpty: Bool { lines == 0 && lost == 0 && descriptor == nil && !isClosing }
    }

    /// Opens the output and starts the thread.
    ///
    /// - Parameters:
    ///   - source: Asked for its lines at every turn of the thread, on that thread.
    ///   - interval: Between two turns while there is something to write.
    package convenience init(
        _ output: LogOutput, format: LogFormat, source: (any LogSource)? = nil, interval: Duration = .milliseconds(50)
    ) throws(LogOutputError) {
        self.init(descriptor: try output.open(), format: format, source: source, interval: interval)
    }

    /// Starts on a descriptor that is already open.
    package init(
        descriptor: consuming LogDescriptor, format: LogFormat, source: (any LogSource)? = nil,
        interval: Duration = .milliseconds(50)
    ) {
        self.format = format
        self.interval = interval
        self.source = source
        queue = Mutex(Queue(descriptor: descriptor))
        DetachedThread.start { [self] in run() }
    }

    /// Queues one line, which ends in a newline.
    package func write(line: [UInt8]) {
        queue.withLock { queue in
            guard queue.bytes.count + line.count <= Self.maximumQueuedBytes, !queue.isClosing else {
                queue.lost += 1
                return
            }
            queue.bytes += line
            queue.lines += 1
        }
        wakeIfParked()
    }

    /// Wakes the thread when it sleeps for want of work. Costs one atomic read when it does not.
    func wakeIfParked() {
        guard isParked.load(ordering: .sequentiallyConsistent) else { return }
        if isParked.exchange(false, ordering: .sequentiallyConsistent) { bell.ring() }
    }

    /// Has the thread take its next turn at once: a source is filling up.
    func hurry() {
        bell.ring()
    }

    /// Writes to this output from the next turn on. Opening a file anew after it was moved away is the same call.
    package func redirect(to output: LogOutput) throws(LogOutputError) {
        replace(try output.open())
    }

    private func replace(_ descriptor: consuming LogDescriptor) {
        var descriptor = Optional(descriptor)
        queue.withLock { $0.descriptor = descriptor.take() }
        bell.ring()
    }

    /// Waits until everything that was queued before the call is written or counted as lost.
    ///
    /// - Returns: False when that took longer than the limit: the reader of the output stands still.
    @discardableResult
    package func flush(limit: Duration = .seconds(2)) -> Bool {
        // A turn that has begun may have passed the queue already, so the one after it must finish.
        let target = queue.withLock { $0.begun + 1 }
        let deadline = ContinuousClock.now + limit
        bell.ring()
        while queue.withLock({ $0.finished < target }) {
            if ContinuousClock.now >= deadline { return false }
            usleep(500)
        }
        return true
    }

    /// Writes what is queued and ends the thread. Nothing may be written to the sink afterwards.
    package func close(limit: Duration = .seconds(2)) {
        queue.withLock { $0.isClosing = true }
        flush(limit: limit)
    }
}

/// Something that gathers records in its own way and turns them into lines when the sink's thread asks.
package protocol LogSource: Sendable {
    /// Formats everything gathered into the writer's buffer, calling `writeIfFull` after each line.
    ///
    /// - Returns: How many records were lost because the source was full.
    func drain(into writer: inout LogWriter) -> UInt64
    /// Whether `drain` would find nothing.
    var isEmpty: Bool { get }
}

extension LogSink {
    private func run() {
        guard let descriptor = queue.withLock({ $0.descriptor.take() }) else { return }
        var writer = LogWriter(descriptor, format: format)
        while true {
            let isLast = queue.withLock { queue in
                queue.begun += 1
                return queue.isClosing
            }
            let hadWork = turn(&writer)
            queue.withLock { $0.finished = isLast ? .max : $0.begun }
            if isLast { return }
            rest(afterWork: hadWork)
        }
    }

    /// Writes everything there is. Returns whether there was anything.
    private func turn(_ writer: inout LogWriter) -> Bool {
        if let descriptor = queue.withLock({ $0.descriptor.take() }) { writer.replace(descriptor) }
        var batch: [UInt8] = []
        var lines = 0
        let lost = queue.withLock { queue in
            swap(&batch, &queue.bytes)
            swap(&lines, &queue.lines)
            defer { queue.lost = 0 }
            return queue.lost
        }
        writer.buffer.append(finished: batch, lines: lines)
        writer.writeIfFull()
        let lostBySource = source?.drain(into: &writer) ?? 0
        writer.add(lost: lost + lostBySource)
        let hadWork = writer.hasWork
        writer.write()
        lostLines.store(writer.lostEver, ordering: .relaxed)
        return hadWork
    }

    /// Sleeps for the interval after work; without work, until something is queued.
    private func rest(afterWork hadWork: Bool) {
        if hadWork { return bell.wait(atMost: interval) }
        isParked.store(true, ordering: .sequentiallyConsistent)
        // Whoever queues after this look sees that the thread is parked, because both go through the queue's lock.
        if queue.withLock({ $0.isEmpty }) && source?.isEmpty ?? true { bell.wait(atMost: nil) }
        isParked.store(false, ordering: .sequentiallyConsistent)
    }
}
