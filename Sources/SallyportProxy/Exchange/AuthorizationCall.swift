import NIOCore
import SallyportConfig
import SallyportHTTP
import SallyportModel

/// The question to a service whether a request may go on, and its answer. The content of the answer is thrown away.
final class AuthorizationCall: UpstreamDelegate {
    private let pool: UpstreamPool
    private var lease: UpstreamLease?
    private var done: ((ResponseHead?) -> Void)?
    private var answer: ResponseHead?
    private var answerBytes = 0
    private var isAdmitted: Bool

    /// What is read of an answer before its connection is given up.
    private static let mostAnswer = 64 << 10

    /// - Parameter done: called once with the head of the answer, nil when there is none; never after `cancel`.
    init(_ pool: UpstreamPool, done: @escaping (ResponseHead?) -> Void) {
        self.pool = pool
        self.done = done
        isAdmitted = pool.admitAtOnce()
    }

    func ask(_ question: RequestHead, added: [UInt8], within timeout: TimeAmount) {
        guard isAdmitted else { return finish(keep: false) }
        pool.loop.eventLoop.assumeIsolated().scheduleTask(in: timeout) { [weak self] in self?.finish(keep: false) }
        pool.acquire(PoolRequest()) { [self] result in
            guard case .success(let lease) = result else { return finish(keep: false) }
            guard done != nil else { return lease.end(keep: true) }
            self.lease = lease
            lease.stream.attach(self)
            lease.stream.setReading(true)
            let authority = pool.plan.targets[lease.stream.target].authority
            lease.stream.sendHead(question, RequestForwarding(authority: authority, added: added, framing: .none))
            lease.stream.flush()
        }
    }

    /// Nobody waits for the answer any more.
    func cancel() {
        done = nil
        finish(keep: false)
    }

    private func finish(keep: Bool) {
        lease.take()?.end(keep: keep)
        if isAdmitted {
            isAdmitted = false
            pool.leave()
        }
        done.take()?(answer)
    }

    func upstreamHead(_ head: ResponseHead) {
        guard !head.isInterim, !head.opensTunnel, let lease else { return }
        pool.answered(lease, status: head.status, after: .now() - lease.began)
        answer = head
    }

    func upstreamBody(_ piece: ByteBuffer) {
        answerBytes += piece.readableBytes
        if answerBytes > Self.mostAnswer { finish(keep: false) }
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
