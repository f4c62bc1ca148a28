import NIOCore
import SallyportAccess
import SallyportCompression
import SallyportConfig
import SallyportHTTP
import SallyportModel
import SallyportPKI
import SallyportTLS
import SallyportTelemetry

/// One request and its response, from the head of the request to the line in the access log.
///
/// It performs what `ExchangeStateMachine` decides. The order of decisions is the order of the statements in
/// `start()`, and the upstream is reached only with the permit that the last of them gives. The generation of the
/// configuration is taken once, at the head, and kept to the end.
final class Exchange {
    let head: RequestHead
    let client: any ClientStream
    let session: ClientSession
    let view: GenerationView
    /// Who asks.
    var caller: Caller
    let requestID: RequestID
    var machine: ExchangeStateMachine
    var permit: ForwardPermit?
    /// The way to the upstream: which of its endpoints, and what was tried.
    var trial = ForwardTrial()
    private(set) var pool: UpstreamPool?
    var lease: UpstreamLease?
    private var toldToClose = false
    private var isSuspendedByClient = false
    /// For the log.
    var record: ExchangeRecord
    /// Set while the response is compressed.
    var encoder: ContentEncoder?
    /// Set while a service of the gateway itself answers.
    var local: LocalCall?
    var turn = Turn.none
    var suspension: Suspension?
    /// So many there have been.
    var suspensions = 0
    /// The audit trail has it, or cannot have it.
    var isRefusalRecorded = false
    /// Complete lines for the upstream, from services that agreed.
    var consulted: [UInt8] = []
    var consultation: SideCall?
    /// Lower-case names of fields with credentials that are not for the upstream.
    var credentialFields: [String] = []
    /// As it was when the request proved it.
    var apiKey: APIKeyRecord?
    var limits = ExchangeLimits()
    var telemetry = ExchangeTelemetry()
    /// What pages of the client's origin may do with the response.
    var crossOriginFields: [(name: String, value: String)] = []
    private(set) var requestEndedAt: NIODeadline?
    private(set) var lastProgress: NIODeadline
    let hasContent: Bool
    let isGRPC: Bool
    /// When the caller of a gRPC call gives up.
    private let callDeadline: NIODeadline?

    init(head: RequestHead, client: any ClientStream, mayKeepAlive: Bool) {
        self.head = head
        self.client = client
        session = client.session
        view = session.view
        caller = Caller(session.identity)
        requestID = session.loop.nextRequestID()
        hasContent = head.framing != .none
        machine = ExchangeStateMachine(
            isIdempotent: head.isIdempotent, hasBody: hasContent, clientKeepsAlive: head.keepAlive && mayKeepAlive)
        let now = NIODeadline.now()
        lastProgress = now
        record = ExchangeRecord(started: now)
        isGRPC = head.isGRPC
        callDeadline = isGRPC ? Self.callDeadline(head, now) : nil
        telemetryBegan()
    }

    var loop: LoopState { session.loop }
    private var upstream: (any UpstreamStream)? { lease?.stream }
    var requestIsComplete: Bool { machine.requestIsComplete }

    /// Whether content of the request can be taken now.
    var wantsContent: Bool {
        if let local { return local.isGathering && !machine.requestIsComplete }
        return !machine.requestIsComplete && machine.hasUpstream && upstream?.isWritable == true
    }

    /// Whether bytes can be passed on that are no HTTP any more.
    var wantsTunnelBytes: Bool { machine.isTunnel && upstream?.isWritable == true }

    var callers: CallerKeeper { view.generation.callers }
    var configuration: Configuration { view.generation.configuration }
    var generationNumber: Int { view.generation.number }

    /// Every exchange ends here, once.
    private func log() {
        consultation.take()?.cancel()
        endTrial()
        endTurn()
        endLimits()
        telemetryEnded()
    }

    // MARK: deciding

    /// overload ▶ host ▶ route ▶ the route's policies (`DecisionStep`) ▶ forward. Whatever answers ends it.
    func start() {
        if let refusal = overload() { return answer(refusal) }
        if let admin = session.listener.admin {
            return begin(LocalMount(service: admin, path: "", rest: head.text(head.path)))
        }
        if let refusal = checkHost() { return answer(refusal) }
        if head.isAboutServer { return answerAsLastHop() }
        if let mount = session.rules?.services?.find(head.bytes[head.path]) { return begin(mount) }
        guard let routes = session.rules?.routes else { return answer(LocalReply(.noRoute)) }
        let route: CompiledRoute
        switch routes.route(head) {
        case .route(let found): route = found
        case .methodNotAllowed(let methods):
            return answer(LocalReply(.methodNotAllowed, fields: [("allow", methods.joined(separator: ", "))]))
        case .none: return answer(LocalReply(.noRoute))
        }
        record.route = route
        decide(route, from: route.policy.isEmpty ? .limit : .shield)
    }

    /// The rules that let the client in are the rules that the request is under.
    private func checkHost() -> LocalReply? {
        guard let plan = session.rules?.plan else { return LocalReply(.noRoute) }
        return misdirection(of: head.host, on: session.handshake, plan: plan)
    }

    // MARK: answering

    /// The gateway's own refusal, recorded first where the audit trail keeps such.
    func answer(_ reply: LocalReply) {
        recordRefusal(reply.reason) { [self] in deliver(reply) }
    }

    private func deliver(_ reply: LocalReply) {
        record.reason = reply.reason
        session.refused(reply.reason)
        if isGRPC { return answerCall(reply) }
        record.status = reply.reason.status ?? 500
        let close = machine.clientMustClose
        let reply = LocalReply(reply.reason, fields: reply.fields + limitFields + policyFields, quota: reply.quota)
        record.responseBytes += client.reply(reply, to: head, requestID: requestID, close: close)
        finish(keepAlive: !close)
    }

    /// `OPTIONS *`, and OPTIONS with Max-Forwards: 0, ask the one who receives it, not the upstream (RFC 9110 §7.6.2,
    /// §9.3.7).
    func answerAsLastHop() {
        record.status = 204
        let close = machine.clientMustClose
        client.send(LocalContent(status: 204), to: head, close: close)
        finish(keepAlive: !close)
    }

    /// What the client sent turned out to be malformed in the middle of its content.
    func requestRefused(_ reason: Reason) {
        end(machine.abandon(), reason: reason)
    }

    func finish(keepAlive: Bool) {
        endLocal()
        _ = machine.clientLost()
        releaseUpstream(keep: false)
        log()
        client.exchangeEnded(keepAlive: keepAlive)
    }

    /// Carries out what a loss means.
    func end(_ loss: ExchangeStateMachine.Loss, reason: Reason) {
        if loss != .ignore { endAttempt(reason) }
        switch loss {
        case .ignore: break
        case .retry:
            releaseUpstream(keep: false)
            tryAgain()
        case .reply:
            releaseUpstream(keep: false)
            answerLoss(reason)
        case .cut:
            record.reason = reason
            endLocal()
            releaseUpstream(keep: false)
            log()
            client.cut()
        }
    }

    private func answerLoss(_ reason: Reason) {
        answer(LocalReply(reason, fields: reason.status == 503 ? [Self.retryAfter] : []))
    }

    func releaseUpstream(keep: Bool) {
        endAttempt(nil)
        lease.take()?.end(keep: keep)
    }

    // MARK: forwarding

    /// The only door to an upstream.
    func forward(_ permit: consuming ForwardPermit) {
        let route = permit.route.route
        pool = route.upstream.flatMap { view.pool(named: $0, on: loop) }
        self.permit = consume permit
        guard let pool else { return answer(LocalReply(.internalError)) }
        beginTrial(route, pool)
        trial.preface = pool.plan.upstream.proxyProtocol.map(session.proxyHeader) ?? []
        if takeTurn() { enter(pool) }
    }

    /// Its turn has come.
    func resumeForwarding() {
        guard let pool else { return answer(LocalReply(.internalError)) }
        enter(pool)
    }

    /// The upstream that is asked about requests.
    func consultedPool(_ name: String) -> UpstreamPool? { view.pool(named: name, on: loop) }

    /// The upstream that gets copies of this route's requests, if this one is to be copied.
    func mirrorPool(_ mirror: TrafficMirror) -> UpstreamPool? {
        view.pool(named: mirror.upstream, on: loop)
    }

    func acquire(fresh: Bool) {
        guard let pool else { return answer(LocalReply(.internalError)) }
        let request = trial.request(for: head, fresh: fresh)
        guard let place = pool.place(for: request) else { return end(machine.abandon(), reason: .upstreamUnreachable) }
        if let lease = pool.takeIdle(request, at: place) { return attached(lease) }
        let opening = newAttempt(at: pool.target(at: place))
        pool.open(request, at: place) { [self] result in
            switch result {
            case .success(let lease): attached(lease)
            case .failure(let failure):
                attemptFailed(opening, failure.reason)
                end(machine.abandon(), reason: failure.reason)
            }
        }
    }

    private func attached(_ lease: UpstreamLease) {
        guard machine.upstreamAttached() else { return lease.end(keep: true) }
        self.lease = lease
        trial.tried.append(lease.record)
        let upstream = lease.stream
        telemetry.attempt = newAttempt(at: upstream.target)
        upstream.attach(self)
        // The response before this one may have left no room, and then no change of writability tells so.
        isSuspendedByClient = !client.isWritable
        upstream.setReading(!isSuspendedByClient)
        sendHead(to: upstream, as: telemetry.attempt)
        lastProgress = .now()
        if machine.requestIsComplete, requestEndedAt == nil { requestEndedAt = lastProgress }
        if head.expectsContinue, hasContent, machine.attempts == 1 { client.sendContinue() }
        guard sendKeptContent(to: upstream) else { return end(machine.abandon(), reason: .internalError) }
        watchAttempt(lease)
        // What follows flushes: the head leaves together with the content that is there already.
        client.resume()
        if machine.attempts > 1 { upstream.flush() }
    }

    func sendHead(to upstream: any UpstreamStream, as attempt: OpenAttempt?) {
        guard let pool, let forwarding = forwarding(to: upstream, of: pool, as: attempt) else { return }
        upstream.sendHead(forwardedHead, forwarding)
    }

    /// What is said to a target about the request; with the permit only.
    ///
    /// - Parameter attempt: nil for a copy, whose answer nobody waits for.
    func forwarding(
        to upstream: any UpstreamStream, of pool: UpstreamPool, as attempt: OpenAttempt? = nil
    ) -> RequestForwarding? {
        guard let route = permit?.route else { return nil }
        loop.addedFields.removeAll(keepingCapacity: true)
        session.forwarded.write(for: head, requestID: requestID.description, into: &loop.addedFields)
        writeTrace(under: attempt?.span, into: &loop.addedFields)
        for header in route.route.forward.clientCertificate {
            switch header {
            case .rfc9440: loop.addedFields += session.clientCertFields
            case .xfcc: loop.addedFields += session.xfccFields
            }
        }
        if !route.policy.isEmpty {
            loop.addedFields += route.policy.request.lines(for: head)
            loop.addedFields += consulted
        }
        return RequestForwarding(
            authority: pool.plan.targets[upstream.target].authority, stripPrefix: route.stripPrefix,
            addPrefix: route.addPrefix, added: loop.addedFields, framing: head.framing)
    }

    // MARK: the client's side

    func requestContent(_ piece: ByteBuffer) {
        if let local { return take(piece, for: local) }
        guard let upstream, machine.hasUpstream else { return }
        record.requestBytes += piece.readableBytes
        lastProgress = .now()
        if isTooLong() { return end(machine.abandon(), reason: .bodyTooLarge) }
        countBytes()
        keep(piece)
        if !upstream.sendBody(piece) { end(machine.abandon(), reason: .internalError) }
    }

    func requestEnd(_ trailers: Trailers?) {
        machine.requestEnded()
        requestEndedAt = .now()
        if let local { return run(local) }
        let trailers = withheldFromUpstream.isEmpty ? trailers : trailers?.without(withheldFromUpstream)
        trial.trailers = trailers
        beginMirror()
        guard hasContent, let lease, machine.hasUpstream else { return }
        let upstream = lease.stream
        watchAttempt(lease)
        guard upstream.sendEnd(trailers) else { return end(machine.abandon(), reason: .internalError) }
        upstream.flush()
    }

    /// The client's bytes at hand are used up.
    func flushUpstream() {
        upstream?.flush()
    }

    func clientWritabilityChanged(_ isWritable: Bool) {
        guard isSuspendedByClient == isWritable else { return }
        isSuspendedByClient = !isWritable
        upstream?.setReading(isWritable)
    }

    func clientGone() {
        // Somebody has to end a tunnel.
        let isFault = !machine.isTunnel
        guard machine.clientLost() else { return }
        if record.status == 0 { record.status = Reason.clientClosed.status ?? 499 }
        if isFault { record.reason = .clientClosed }
        endLocal()
        releaseUpstream(keep: false)
        log()
    }

    /// There has been no room to write to the client for too long.
    func clientStalled() {
        end(machine.abandon() == .ignore ? .ignore : .cut, reason: .clientStalled)
    }

    /// The client's certificate has been revoked: nothing more goes to it, finished or not.
    func clientRefused(_ reason: Reason) {
        guard machine.abandon() != .ignore else { return client.cut() }
        if record.status == 0 { record.status = Reason.identityNoLongerValid.status ?? 403 }
        end(.cut, reason: reason)
    }

    // MARK: time

    func sweep(now: NIODeadline) {
        if let local { return sweep(local, now: now) }
        if let suspension { return sweep(suspension, now: now) }
        guard !machine.isFinished, let plan = pool?.plan else { return }
        if let reason = lapse() { return clientRefused(reason) }
        if !machine.requestIsComplete, machine.hasUpstream, !(upstream?.isWritable == false), isTooSlow(now) {
            return end(machine.abandon(), reason: .requestContentTimeout)
        }
        if !machine.isTunnel, let total = plan.upstream.timeouts.total, now - record.started > TimeAmount(total) {
            return end(machine.abandon(), reason: .upstreamTotalTimeout)
        }
        if let callDeadline, now > callDeadline { return end(machine.abandon(), reason: .grpcDeadline) }
        if machine.awaitsResponseHead, let requestEndedAt, now - requestEndedAt > plan.requestTimeout {
            if let lease { pool?.failed(lease.record, .timeout) }
            return end(machine.abandon(), reason: .upstreamTimeout)
        }
        if machine.isResponding || !machine.requestIsComplete && machine.hasUpstream,
            now - lastProgress > (machine.isTunnel ? plan.tunnelTimeout : plan.idleTimeout)
        {
            end(machine.abandon(), reason: .upstreamStalled)
        }
    }

    /// The client owes `Timeouts.minimumRate` bytes for each second after the grace.
    func isTooSlow(_ now: NIODeadline) -> Bool {
        let earned = TimeAmount.seconds(Int64(record.requestBytes) / Int64(Timeouts.minimumRate))
        return now > record.started + Timeouts.contentGrace + earned
    }
}

// MARK: - the upstream's side

extension Exchange: UpstreamDelegate {
    func upstreamHead(_ response: ResponseHead) {
        guard !machine.isFinished else { return }
        lastProgress = .now()
        if response.isInterim { return forwardInterim(response) }
        if answered(response) == .tryAgain { return tryAgain() }
        if case .length(let length) = response.framing, isResponseTooLong(length) {
            return end(machine.abandon(), reason: .responseTooLarge)
        }
        record.status = response.status
        record.upstreamDuration = lastProgress - record.started
        if response.opensTunnel { machine.tunnelOpened() } else { machine.responseHead() }
        var response = response
        var plan = ResponsePlan(framing: response.framing, close: machine.isTunnel ? false : machine.clientMustClose)
        do {
            changeFields(of: &response, &plan)
            addLimitFields(to: &plan, of: response)
            try compress(&response, &plan)
        } catch {
            return end(machine.abandon(), reason: .internalError)
        }
        toldToClose = client.sendHead(response, to: head, plan)
        if response.opensTunnel { client.resume() }
    }

    /// 103 and its kind; 100 was ours to give (RFC 9110 §15.2).
    private func forwardInterim(_ response: ResponseHead) {
        guard head.version > .http10, response.status != 100 else { return }
        client.sendInterim(changed(response))
    }

    func upstreamBody(_ piece: ByteBuffer) {
        guard machine.isResponding else { return }
        lastProgress = .now()
        record.responseBytes += piece.readableBytes
        guard !isResponseTooLong(UInt64(record.responseBytes)) else {
            return end(machine.abandon(), reason: .responseTooLarge)
        }
        countBytes()
        let isSent = if let encoder { sendEncoded(piece, .more, encoder) } else { client.sendBody(piece) }
        if !isSent { end(machine.abandon(), reason: .upstreamMalformed) }
    }

    func upstreamEnd(_ trailers: Trailers?, keepAlive: Bool) {
        guard machine.isResponding else { return }
        if let encoder, !sendEncoded(nil, .end, encoder) { return end(machine.abandon(), reason: .internalError) }
        guard client.sendEnd(head.acceptsTrailers || head.version == .http2 ? changed(trailers) : nil) else {
            return end(machine.abandon(), reason: .upstreamTruncated)
        }
        let completion = machine.responseEnded(upstreamKeepsAlive: keepAlive, clientWasToldToClose: toldToClose)
        releaseUpstream(keep: completion.keepUpstream)
        log()
        client.exchangeEnded(keepAlive: completion.keepClient)
    }

    func upstreamFailed(_ failure: UpstreamFailure) {
        guard let lease = lease.take() else { return }
        lease.lost()
        endAttempt(failure.reason)
        if goOnWithHedge() { return }
        let canRepeat = mayRepeat(after: failure, lease)
        end(machine.upstreamLost(canRepeat: canRepeat, isUnprocessed: failure.isUnprocessed), reason: failure.reason)
    }

    func upstreamReadComplete() {
        flushEncoder()
        client.flush()
    }

    /// The upstream takes more, or no more, of the request.
    func upstreamWritabilityChanged(_ isWritable: Bool) {
        if isWritable, !machine.requestIsComplete || machine.isTunnel {
            client.resume()
        }
    }
}
