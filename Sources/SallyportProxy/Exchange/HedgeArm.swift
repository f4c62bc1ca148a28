import NIOCore
import SallyportHTTP
import SallyportModel

/// A second endpoint that is asked the same because the first one is slow. Whoever answers first is the exchange's
/// upstream from then on, and the other is given up. Only for requests that change nothing and have no content.
final class HedgeArm: UpstreamDelegate {
    /// Let go of when either side has won.
    private var exchange: Exchange?
    private var lease: UpstreamLease?
    private var isChosen = false
    private var attempt: OpenAttempt?

    init(exchange: Exchange) { self.exchange = exchange }

    /// It has been asked and may answer.
    var isAttached: Bool { lease != nil }

    func attach(_ lease: UpstreamLease) {
        self.lease = lease
        lease.stream.attach(self)
        attempt = exchange?.newAttempt(at: lease.stream.target)
        exchange?.sendHead(to: lease.stream, as: attempt)
        lease.stream.flush()
    }

    /// The other one won, or the exchange is over.
    func cancel() {
        exchange = nil
        lease.take()?.end(keep: false)
    }

    var isCancelled: Bool { exchange == nil }

    /// From now on it is the exchange's only upstream; whatever comes is handed on.
    func choose() -> (UpstreamLease, OpenAttempt?)? {
        isChosen = true
        return lease.take().map { ($0, attempt) }
    }

    // MARK: what the stream says

    func upstreamHead(_ head: ResponseHead) {
        if !isChosen, !head.isInterim { exchange?.hedgeAnswered(self) }
        if isChosen { exchange?.upstreamHead(head) }
    }

    func upstreamBody(_ piece: ByteBuffer) {
        if isChosen { exchange?.upstreamBody(piece) }
    }

    func upstreamEnd(_ trailers: Trailers?, keepAlive: Bool) {
        guard isChosen, let exchange = exchange.take() else { return }
        exchange.upstreamEnd(trailers, keepAlive: keepAlive)
    }

    func upstreamFailed(_ failure: UpstreamFailure) {
        guard let exchange = exchange.take() else { return }
        if isChosen { return exchange.upstreamFailed(failure) }
        lease.take()?.lost()
        exchange.hedgeFailed(self)
    }

    func upstreamReadComplete() {
        if isChosen { exchange?.upstreamReadComplete() }
    }

    func upstreamWritabilityChanged(_ writable: Bool) {
        if isChosen { exchange?.upstreamWritabilityChanged(writable) }
    }
}

extension Exchange {
    func beginHedge(_ pool: UpstreamPool) {
        let arm = HedgeArm(exchange: self)
        trial.hedge = arm
        pool.acquire(trial.request(for: head, fresh: false)) { [self] result in
            guard case .success(let lease) = result else { return hedgeFailed(arm) }
            // The same one again would only double its load.
            guard !arm.isCancelled, machine.awaitsResponseHead, !trial.tried.contains(where: { $0 === lease.record }) else {
                lease.end(keep: true)
                return hedgeFailed(arm)
            }
            trial.tried.append(lease.record)
            arm.attach(lease)
        }
    }

    func hedgeFailed(_ arm: HedgeArm) {
        guard trial.hedge === arm else { return }
        trial.hedge = nil
        arm.cancel()
    }

    /// The second one was faster.
    func hedgeAnswered(_ arm: HedgeArm) {
        guard trial.hedge === arm, machine.awaitsResponseHead else { return arm.cancel() }
        releaseUpstream(keep: false)
        _ = goOnWithHedge()
    }

    /// The first one failed. True: the second one is still there and takes its place.
    func goOnWithHedge() -> Bool {
        guard let arm = trial.hedge, arm.isAttached, let (chosen, attempt) = arm.choose() else { return false }
        trial.hedge = nil
        telemetry.attempt = attempt
        lease = chosen
        chosen.stream.setReading(client.isWritable)
        return true
    }
}
