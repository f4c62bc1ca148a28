import NIOCore
import SallyportBalance
import SallyportConfig
import SallyportHTTP
import SallyportModel

// How an exchange waits for its turn, and what it does when an endpoint fails it: another attempt where that is safe
// and the budget allows, at another endpoint where there is one.
extension Exchange {
    static let retryAfter = (name: "retry-after", value: "1")

    // MARK: beginning

    func beginTrial(_ route: Route, _ pool: UpstreamPool) {
        let upstream = pool.plan.upstream
        trial.hash = balanceHash(upstream.balance.method)
        if !route.split.isEmpty {
            trial.label = SplitChoice.label(of: route.split, hash: trial.hash, random: &pool.random)
        }
        if head.tunnel == nil, let mirror = route.mirror, mirror.share.hits(&pool.random) {
            trial.mirror = mirrorPool(mirror)
        }
        // One more than the file says: a connection that turned out to be closed already costs nobody an attempt.
        machine.mostAttempts = upstream.retries.attempts + 2
        // A stream of HTTP/2 can be refused without anything done, and then a POST may go out again.
        let canBeRefused = upstream.applicationProtocol == .http2 || upstream.applicationProtocol == .auto && pool.plan.tls != nil
        if hasContent, head.tunnel == nil, head.isIdempotent || trial.mirror != nil || canBeRefused {
            trial.kept = ByteBuffer()
            machine.contentKept(true)
        }
    }

    /// Waits for its turn where the upstream is full.
    func enter(_ pool: UpstreamPool) {
        if pool.admitAtOnce() { return admitted() }
        let admission = pool.admit { [self] in
            trial.ticket = nil
            guard !machine.isFinished else { return pool.passTurn() }
            pool.entered()
            admitted()
        }
        switch admission {
        case .admitted: admitted()
        case .refused(let reason): answer(LocalReply(reason, fields: [Self.retryAfter]))
        case .waits(let ticket):
            trial.ticket = ticket
            let longest = TimeAmount(pool.plan.upstream.circuit.maxWait)
            loop.eventLoop.assumeIsolated().scheduleTask(in: longest) { [weak self] in self?.waitedTooLong(ticket) }
        }
    }

    private func waitedTooLong(_ ticket: UInt64) {
        guard trial.ticket == ticket, pool?.withdraw(ticket) == true else { return }
        trial.ticket = nil
        end(machine.abandon(), reason: .upstreamQueueTimeout)
    }

    private func admitted() {
        trial.isAdmitted = true
        if machine.requestIsComplete { beginMirror() }
        acquire(fresh: false)
    }

    /// Whichever way the exchange ends.
    func endTrial() {
        trial.hedge.take()?.cancel()
        trial.kept = nil
        guard let pool else { return }
        if let ticket = trial.ticket.take() { _ = pool.withdraw(ticket) }
        if trial.isAdmitted {
            trial.isAdmitted = false
            pool.leave()
        }
    }

    // MARK: content

    /// What is small is kept until the response begins, in case it has to be sent again.
    func keep(_ piece: ByteBuffer) {
        guard let length = trial.kept?.readableBytes else { return }
        guard length + piece.readableBytes <= ForwardTrial.mostKept else {
            trial.kept = nil
            trial.mirror = nil
            return machine.contentKept(false)
        }
        trial.kept?.writeImmutableBuffer(piece)
    }

    /// On the second attempt and later ones: what had come before.
    func sendKeptContent(to upstream: any UpstreamStream) -> Bool {
        guard hasContent, machine.attempts > 1, let kept = trial.kept else { return true }
        if kept.readableBytes > 0, !upstream.sendBody(kept) { return false }
        return machine.requestIsComplete ? upstream.sendEnd(trial.trailers) : true
    }

    // MARK: failing

    enum Answer { case goOn, tryAgain }

    /// The head of a final response came: to be passed on, or to be thrown away for another attempt.
    func answered(_ response: ResponseHead) -> Answer {
        trial.hedge.take()?.cancel()
        guard let pool, let lease else { return .goOn }
        telemetry.attempt?.status = response.status
        pool.answered(lease, status: response.status, after: .now() - (requestEndedAt ?? lease.began))
        let isTriedAgain =
            response.status >= 400 && pool.plan.upstream.retries.on.contains(.status(response.status))
            && machine.attempts <= pool.plan.upstream.retries.attempts && machine.isRepeatable() && pool.takeRetry()
        guard isTriedAgain, machine.repeatInstead() else {
            if trial.mirror == nil || machine.requestIsComplete { trial.kept = nil }
            return .goOn
        }
        releaseUpstream(keep: false)
        return .tryAgain
    }

    /// An endpoint was lost before it answered: whether the request may be sent again, as far as the file says.
    func mayRepeat(after failure: UpstreamFailure, _ lease: UpstreamLease) -> Bool {
        guard let pool else { return false }
        // The keep-alive race, and a server that shuts down in order: nobody's fault, and nothing of it was done.
        let isFree = failure.isUnprocessed || lease.isReused && failure.reason == .upstreamClosed
        if !isFree, !failure.isOfRequest, !machine.isFinished { pool.failed(lease.record, .reset) }
        guard failure.isUnprocessed || failure.reason == .upstreamClosed else { return false }
        if isFree, !trial.usedFreeRepeat {
            trial.usedFreeRepeat = true
            trial.tried.removeAll { $0 === lease.record }
            return true
        }
        let retries = pool.plan.upstream.retries
        return retries.on.contains(.reset) && isWithinAttempts(retries)
            && machine.isRepeatable(isUnprocessed: failure.isUnprocessed) && pool.takeRetry()
    }

    private func isWithinAttempts(_ retries: Retries) -> Bool {
        machine.attempts <= retries.attempts + (trial.usedFreeRepeat ? 1 : 0)
    }

    /// Another endpoint is asked at once; the same one again after a pause that grows.
    func tryAgain() {
        guard let pool else { return }
        let round = machine.attempts - (trial.usedFreeRepeat ? 1 : 0)
        guard round > 0, trial.tried.count >= pool.endpointCount else { return acquire(fresh: true) }
        let base = Int64(25) << Int64(min(round - 1, 5))
        let pause = TimeAmount.milliseconds(base / 2 + Int64(pool.random.next() % UInt64(base)))
        loop.eventLoop.assumeIsolated().scheduleTask(in: pause) { [self] in
            guard !machine.isFinished else { return }
            acquire(fresh: true)
        }
    }

    // MARK: time

    /// Sets the clocks of an attempt whose request is whole.
    func watchAttempt(_ lease: UpstreamLease) {
        guard machine.requestIsComplete, let pool, head.tunnel == nil else { return }
        let attempt = machine.attempts
        if let limit = pool.plan.upstream.timeouts.attempt {
            // Timers of attempts that are over find nothing, and hold nothing until then.
            loop.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(limit)) { [weak self] in
                self?.attemptTimedOut(attempt)
            }
        }
        guard attempt == 1, !hasContent, head.isSafe, let delay = pool.hedgeDelay() else { return }
        loop.eventLoop.assumeIsolated().scheduleTask(in: delay) { [weak self] in self?.firstIsSlow(attempt) }
    }

    private func firstIsSlow(_ attempt: Int) {
        guard let pool, machine.awaitsResponseHead, machine.attempts == attempt, pool.takeHedge() else { return }
        beginHedge(pool)
    }

    private func attemptTimedOut(_ attempt: Int) {
        guard let pool, let lease, machine.awaitsResponseHead, machine.attempts == attempt else { return }
        pool.failed(lease.record, .timeout)
        if trial.hedge?.isAttached == true {
            releaseUpstream(keep: false)
            if goOnWithHedge() { return }
        }
        let retries = pool.plan.upstream.retries
        let canRepeat =
            retries.on.contains(.timeout) && isWithinAttempts(retries) && machine.isRepeatable() && pool.takeRetry()
        end(machine.upstreamLost(canRepeat: canRepeat), reason: .upstreamTimeout)
    }
}

// MARK: - what decides about the target

extension Exchange {
    private func balanceHash(_ method: Balance.Method) -> UInt64? {
        guard case .hash(let key) = method else { return nil }
        switch key {
        case .identity:
            return stableHash((caller.client ?? session.clientAddress).utf8)
        case .address: return stableHash(session.clientAddress.utf8)
        case .header(let name):
            return head.fields(named: name).first.map { stableHash(head.bytes[$0.valueRange]) }
        case .cookie(let name):
            return head.cookie(named: Array(name.utf8)).map { stableHash(head.bytes[$0]) }
        }
    }
}

extension RequestHead {
    /// The place of a cookie's value (RFC 6265 §4.2.1).
    func cookie(named name: [UInt8]) -> Range<Int>? {
        for field in fields where field.known == .cookie {
            for part in bytes[field.valueRange].split(separator: UInt8(ascii: ";")) {
                let pair = part.drop { $0 == UInt8(ascii: " ") }
                guard pair.starts(with: name), pair.count > name.count,
                    pair[pair.startIndex + name.count] == UInt8(ascii: "=")
                else { continue }
                return (pair.startIndex + name.count + 1)..<pair.endIndex
            }
        }
        return nil
    }
}
