import NIOCore
import SallyportHTTP
import SallyportModel

/// A request that the gateway makes beside the one that it forwards: a copy for another upstream, or a question to a
/// service. It never waits for its turn, it is given up when it takes too long or answers too much, and the content of
/// its answer is thrown away.
final class SideCall: UpstreamDelegate {
    private let pool: UpstreamPool
    private var lease: UpstreamLease?
    private var done: ((ResponseHead?) -> Void)?
    private var answer: ResponseHead?
    private var answerBytes = 0
    private let mostAnswer: Int
    private var isOver = false

    /// Nil where the upstream has no room at once.
    /// - Parameters:
    ///   - mostAnswer: Bytes of content that are read before the call is given up.
    ///   - done: called once with the head of the answer, nil when there is none; never after `cancel`.
    init?(_ pool: UpstreamPool, mostAnswer: Int, done: @escaping (ResponseHead?) -> Void) {
        guard pool.admitAtOnce() else { return nil }
        self.pool = pool
        self.mostAnswer = mostAnswer
        self.done = done
    }

    /// - Parameter send: writes the whole request; false gives the call up.
    func begin(_ request: PoolRequest, within timeout: TimeAmount, send: @escaping (any UpstreamStream) -> Bool) {
        pool.loop.eventLoop.assumeIsolated().scheduleTask(in: timeout) { [weak self] in self?.timeIsUp() }
        pool.acquire(request) { [self] result in
            guard case .success(let lease) = result else { return finish(keep: false) }
            guard !isOver else { return lease.end(keep: true) }
            self.lease = lease
            lease.stream.attach(self)
            lease.stream.setReading(true)
            if send(lease.stream) { lease.stream.flush() } else { finish(keep: false) }
        }
    }

    /// Nobody waits for the answer any more.
    func cancel() {
        done = nil
        finish(keep: false)
    }

    private func timeIsUp() {
        if answer == nil, let lease { pool.failed(lease.record, .timeout) }
        finish(keep: false)
    }

    private func finish(keep: Bool) {
        guard !isOver else { return }
        isOver = true
        lease.take()?.end(keep: keep)
        pool.leave()
        done.take()?(answer)
    }

    func upstreamHead(_ head: ResponseHead) {
        guard !head.isInterim, !head.opensTunnel, let lease else { return }
        pool.answered(lease, status: head.status, after: .now() - lease.began)
        answer = head
    }

    func upstreamBody(_ piece: ByteBuffer) {
        answerBytes += piece.readableBytes
        if answerBytes > mostAnswer { finish(keep: false) }
    }

    func upstreamEnd(_: Trailers?, keepAlive: Bool) { finish(keep: keepAlive) }

    func upstreamFailed(_ failure: UpstreamFailure) {
        if let lease = lease.take() {
            lease.lost()
            if !lease.isReused, !failure.isOfRequest { pool.failed(lease.record, .reset) }
        }
        answer = nil
        finish(keep: false)
    }

    func upstreamReadComplete() {}
    func upstreamWritabilityChanged(_: Bool) {}
}
