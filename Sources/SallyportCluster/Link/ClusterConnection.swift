import NIOCore
import SallyportModel

/// One connection to the shared counters: commands out, replies in, and an end as soon as one reply is overdue. On its
/// event loop.
final class ClusterConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var decoder = RESPDecoder()
    private var queue = ReplyQueue()
    private var context: ChannelHandlerContext?
    private var watch: Scheduled<Void>?
    private var needsFlush = false
    /// Taken when it is called.
    private var ended: ((ClusterFailure) -> Void)?

    /// - Parameter ended: Called once, when the connection is of no use any more.
    init(ended: @escaping (ClusterFailure) -> Void) {
        self.ended = ended
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    /// Sends a command. The reply, or why there is none, comes before or at the deadline.
    func send(_ command: RESPCommand, within time: TimeAmount, _ completion: @escaping ReplyQueue.Completion) {
        guard let context, ended != nil else {
            return completion(.failure(ClusterFailure(.clusterUnreachable, "there is no connection")))
        }
        guard queue.add(until: .now() + time, completion) else {
            return completion(.failure(ClusterFailure(.clusterTooSlow, "too many commands wait for a reply")))
        }
        context.write(wrapOutboundOut(ByteBuffer(bytes: command.bytes)), promise: nil)
        scheduleFlush(context)
        if watch == nil { watchQueue(context) }
    }

    /// Commands of one turn of the loop leave together.
    private func scheduleFlush(_ context: ChannelHandlerContext) {
        guard !needsFlush else { return }
        needsFlush = true
        context.eventLoop.assumeIsolated().execute { [self] in
            needsFlush = false
            self.context?.flush()
        }
    }

    private func watchQueue(_ context: ChannelHandlerContext) {
        guard let deadline = queue.nextDeadline else { return watch = nil }
        watch = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [self] in
            watch = nil
            if queue.isOverdue(at: .now()) {
                end(ClusterFailure(.clusterTooSlow, "a command was not answered in time"))
            } else if let context = self.context {
                watchQueue(context)
            }
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        decoder.receive(bytes.readableBytesUInt8Span)
        do throws(RESPFault) {
            while ended != nil, let value = try decoder.next() { deliver(value) }
        } catch {
            end(ClusterFailure(error))
        }
    }

    private func deliver(_ value: RESPValue) {
        if case .push = value { return }
        guard let completion = queue.next() else {
            return end(ClusterFailure(.clusterMalformed, "a reply came that nobody asked for"))
        }
        if case .error(let words) = value {
            completion(.failure(ClusterFailure(reply: words)))
        } else {
            completion(.success(value))
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(ClusterFailure(.clusterUnreachable, "the server closed the connection"))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(ClusterFailure(.clusterUnreachable, "\(error)"))
    }

    /// Closes, and tells everybody who waits.
    func end(_ failure: ClusterFailure) {
        guard let ended = ended.take() else { return }
        watch?.cancel()
        watch = nil
        context?.close(promise: nil)
        for completion in queue.abandon() { completion(.failure(failure)) }
        ended(failure)
    }
}
