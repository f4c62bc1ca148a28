import NIOCore
import SallyportBalance
import SallyportHTTP
import SallyportModel

/// A copy of a request to another upstream. Its answer is thrown away, and nothing that happens to it reaches the
/// client: it never waits for its turn, and it is given up when it takes too long or answers too much.
final class MirrorCall: UpstreamDelegate {
    private let pool: UpstreamPool
    private var lease: UpstreamLease?
    private var answerBytes = 0
    private var isOver = false

    private static let mostAnswer = 1 << 20

    init?(_ pool: UpstreamPool) {
        guard pool.admitAtOnce() else { return nil }
        self.pool = pool
    }

    func begin(_ request: PoolRequest, send: @escaping (any UpstreamStream) -> Bool) {
        pool.loop.eventLoop.assumeIsolated().scheduleTask(in: pool.plan.requestTimeout) { [weak self] in
            self?.finish(keep: false)
        }
        pool.acquire(request) { [self] result in
            guard case .success(let lease) = result else { return finish(keep: false) }
            guard !isOver else { return lease.end(keep: true) }
            self.lease = lease
            lease.stream.attach(self)
            lease.stream.setReading(true)
            if send(lease.stream) { lease.stream.flush() } else { finish(keep: false) }
        }
    }

    private func finish(keep: Bool) {
        guard !isOver else { return }
        isOver = true
        lease.take()?.end(keep: keep)
        pool.leave()
    }

    func upstreamHead(_ head: ResponseHead) {
        guard !head.isInterim, let lease else { return }
        pool.answered(lease, status: head.status, after: .now() - lease.began)
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
        finish(keep: false)
    }

    func upstreamReadComplete() {}
    func upstreamWritabilityChanged(_: Bool) {}
}

extension Exchange {
    /// Copies the request, now that it is whole.
    func beginMirror() {
        guard let pool = trial.mirror.take() else { return }
        let content = trial.kept
        guard !hasContent || content != nil, let call = MirrorCall(pool) else { return }
        var request = PoolRequest()
        request.hash = trial.hash
        call.begin(request) { [self] stream in
            guard let forwarding = forwarding(to: stream, of: pool) else { return false }
            stream.sendHead(forwardedHead, forwarding)
            guard hasContent else { return true }
            if let content, content.readableBytes > 0, !stream.sendBody(content) { return false }
            return stream.sendEnd(nil)
        }
    }
}
