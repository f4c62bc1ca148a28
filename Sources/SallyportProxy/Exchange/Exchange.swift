import NIOCore
import SallyportAccess
import SallyportConfig
import SallyportHTTP
import SallyportModel
import SallyportTLS
import SallyportTelemetry

/// One request and its response, from the head of the request to the line in the access log.
///
/// It performs what `ExchangeStateMachine` decides. The order of decisions is the order of the statements in
/// `start()`, and the upstream is reached only with the permit that the last of them gives. The generation of the
/// configuration is taken once, at the head, and kept to the end.
final class Exchange {
    let head: RequestHead
    let connection: ServerConnection
    private let view: GenerationView
    let identity: Identity?
    let requestID: RequestID
    var machine: ExchangeStateMachine
    private var permit: ForwardPermit?
    private var pool: UpstreamPool?
    private var upstream: UpstreamConnection?
    private var requestBody: BodyWriter
    private var responseBody = BodyWriter(.none)
    private var responseIsChunkedByUs = false
    private var toldToClose = false
    private var isSuspendedByClient = false
    /// For the log.
    var record: ExchangeRecord
    /// Set while a service of the gateway itself answers.
    var local: LocalCall?
    private var requestEndedAt: NIODeadline?
    private var lastProgress: NIODeadline
    let hasContent: Bool

    init(head: RequestHead, connection: ServerConnection, view: GenerationView, mayKeepAlive: Bool) {
        self.head = head
        self.connection = connection
        self.view = view
        identity = connection.identity
        requestID = connection.loop.nextRequestID()
        hasContent = head.framing != .none
        machine = ExchangeStateMachine(
            isIdempotent: head.isIdempotent, hasBody: hasContent, clientKeepsAlive: head.keepAlive && mayKeepAlive)
        requestBody = BodyWriter(head.framing)
        let now = NIODeadline.now()
        lastProgress = now
        record = ExchangeRecord(started: now)
    }

    var loop: LoopState { connection.loop }
    var requestIsComplete: Bool { machine.requestIsComplete }

    /// Whether content of the request can be taken now.
    var wantsContent: Bool {
        if let local { return local.isGathering && !machine.requestIsComplete }
        return !machine.requestIsComplete && machine.hasUpstream && upstream?.isWritable == true
    }

    var generationNumber: Int { view.generation.number }

    private func log() {
        let entry = record.accessRecord(of: self, connection: connection)
        view.generation.accessLog.logger.record(entry, loop: loop.index)
    }

    // MARK: deciding

    /// shield ▶ route ▶ authorize ▶ forward. Whatever answers ends it.
    func start() {
        if let admin = connection.listener.admin {
            return begin(LocalMount(service: admin, path: "", rest: head.text(head.path)))
        }
        if let refusal = checkHost() { return answer(refusal) }
        if let mount = view.generation.services[connection.listener.name]?.find(head.bytes[head.path]) {
            return begin(mount)
        }
        guard let routes = view.routes(of: connection.listener.name) else { return answer(LocalReply(.noRoute)) }
        let route: CompiledRoute
        switch routes.route(head) {
        case .route(let found): route = found
        case .methodNotAllowed(let methods):
            return answer(LocalReply(.methodNotAllowed, fields: [("allow", methods.joined(separator: ", "))]))
        case .none: return answer(LocalReply(.noRoute))
        }
        record.route = route
        switch authorize(route, identity: identity, at: loop.wallClockSeconds()) {
        case .refused(let refusal): answer(refusal)
        case .permitted where head.maxForwards == 0: answerAsLastHop()
        case .permitted(let permit): forward(permit)
        }
    }

    /// The rules that let the client in are the rules that the request is under.
    private func checkHost() -> LocalReply? {
        guard let plan = view.generation.tls[connection.listener.name]?.plan else { return LocalReply(.noRoute) }
        return misdirection(of: head.host, on: connection.handshake, plan: plan)
    }

    // MARK: answering

    /// The gateway's own refusal.
    func answer(_ reply: LocalReply) {
        record.reason = reply.reason
        record.status = reply.reason.status ?? 500
        let close = machine.clientMustClose
        record.responseBytes += connection.reply(reply, requestID: requestID.description, isHEAD: head.isHEAD, close: close)
        finish(keepAlive: !close)
    }

    /// OPTIONS with Max-Forwards: 0 asks the one who receives it, not the upstream (RFC 9110 §7.6.2).
    private func answerAsLastHop() {
        record.status = 204
        let close = machine.clientMustClose
        var reply = Array("HTTP/1.1 204 No Content\r\n".utf8)
        reply += loop.dateField()
        reply += Array((close ? "connection: close\r\n\r\n" : "\r\n").utf8)
        connection.write(reply)
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
        connection.exchangeEnded(keepAlive: keepAlive)
    }

    /// Carries out what a loss means.
    func end(_ loss: ExchangeStateMachine.Loss, reason: Reason) {
        switch loss {
        case .ignore: break
        case .retry: acquire(fresh: true)
        case .reply:
            releaseUpstream(keep: false)
            answerLoss(reason)
        case .cut:
            record.reason = reason
            endLocal()
            releaseUpstream(keep: false)
            log()
            connection.cut()
        }
    }

    private func answerLoss(_ reason: Reason) {
        record.reason = reason
        record.status = reason.status ?? 502
        let close = machine.clientMustClose
        record.responseBytes += connection.reply(
            LocalReply(reason), requestID: requestID.description, isHEAD: head.isHEAD, close: close)
        finish(keepAlive: !close)
    }

    private func releaseUpstream(keep: Bool) {
        upstream?.release(keep: keep)
        upstream = nil
    }

    // MARK: forwarding

    /// The only door to an upstream.
    private func forward(_ permit: consuming ForwardPermit) {
        pool = view.pool(named: permit.route.route.upstream)
        self.permit = consume permit
        acquire(fresh: false)
    }

    private func acquire(fresh: Bool) {
        guard let pool else { return answer(LocalReply(.internalError)) }
        pool.acquire(fresh: fresh) { [self] result in
            switch result {
            case .success(let connection): attached(connection)
            case .failure(let failure): end(machine.abandon(), reason: failure.reason)
            }
        }
    }

    private func attached(_ upstream: UpstreamConnection) {
        guard machine.upstreamAttached() else { return upstream.release(keep: true) }
        self.upstream = upstream
        upstream.attach(self, method: head.methodKind)
        // The response before this one may have left no room, and then no change of writability tells so.
        isSuspendedByClient = !connection.isWritable
        upstream.setReading(!isSuspendedByClient)
        writeHead(to: upstream)
        lastProgress = .now()
        if machine.requestIsComplete { requestEndedAt = lastProgress }
        if head.expectsContinue, hasContent {
            connection.write(Self.continueLine)
            connection.flush()
        }
        // What follows flushes: the head leaves together with the content that is there already.
        connection.resume()
    }

    static let continueLine = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

    private func writeHead(to upstream: UpstreamConnection) {
        guard let route = permit?.route, let pool else { return }
        loop.addedFields.removeAll(keepingCapacity: true)
        connection.forwarded.write(for: head, requestID: requestID.description, into: &loop.addedFields)
        for header in route.route.forward.clientCertificate {
            switch header {
            case .rfc9440: loop.addedFields += connection.clientCertFields
            case .xfcc: loop.addedFields += connection.xfccFields
            }
        }
        let forwarding = RequestForwarding(
            authority: pool.plan.targets[upstream.target].authority, stripPrefix: route.stripPrefix,
            added: loop.addedFields, framing: head.framing)
        loop.scratch.removeAll(keepingCapacity: true)
        writeRequest(head, forwarding, into: &loop.scratch)
        upstream.write(loop.scratch)
    }

    // MARK: the client's side

    func requestContent(_ piece: ByteBuffer) {
        if let local { return take(piece, for: local) }
        guard let upstream, machine.hasUpstream else { return }
        record.requestBytes += piece.readableBytes
        lastProgress = .now()
        loop.scratch.removeAll(keepingCapacity: true)
        guard requestBody.prefix(forChunkOf: piece.readableBytes, into: &loop.scratch) else {
            return end(machine.abandon(), reason: .internalError)
        }
        if !loop.scratch.isEmpty { upstream.write(loop.scratch) }
        upstream.write(piece)
        loop.scratch.removeAll(keepingCapacity: true)
        requestBody.suffix(into: &loop.scratch)
        if !loop.scratch.isEmpty { upstream.write(loop.scratch) }
    }

    func requestEnd() {
        machine.requestEnded()
        requestEndedAt = .now()
        if let local { return run(local) }
        guard hasContent, let upstream, machine.hasUpstream else { return }
        loop.scratch.removeAll(keepingCapacity: true)
        guard requestBody.finish(into: &loop.scratch) else {
            return end(machine.abandon(), reason: .internalError)
        }
        if !loop.scratch.isEmpty { upstream.write(loop.scratch) }
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
        guard machine.clientLost() else { return }
        if record.status == 0 { record.status = Reason.clientClosed.status ?? 499 }
        record.reason = .clientClosed
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
        guard machine.abandon() != .ignore else { return connection.cut() }
        if record.status == 0 { record.status = Reason.identityNoLongerValid.status ?? 403 }
        end(.cut, reason: reason)
    }

    // MARK: time

    func sweep(now: NIODeadline) {
        if let local { return sweep(local, now: now) }
        guard !machine.isFinished, let plan = pool?.plan else { return }
        if !machine.requestIsComplete, machine.hasUpstream, !(upstream?.isWritable == false), isTooSlow(now) {
            return end(machine.abandon(), reason: .requestContentTimeout)
        }
        if machine.awaitsResponseHead, let requestEndedAt, now - requestEndedAt > plan.requestTimeout {
            return end(machine.abandon(), reason: .upstreamTimeout)
        }
        if machine.isResponding || !machine.requestIsComplete && machine.hasUpstream,
            now - lastProgress > plan.idleTimeout
        {
            end(machine.abandon(), reason: .upstreamStalled)
        }
    }

    /// The client owes `Timeouts.minimumRate` bytes for each second after the grace.
    func isTooSlow(_ now: NIODeadline) -> Bool {
        let earned = TimeAmount.seconds(Int64(record.requestBytes) / Timeouts.minimumRate)
        return now > record.started + Timeouts.contentGrace + earned
    }
}

// MARK: - the upstream's side

extension Exchange: UpstreamDelegate {
    func upstreamHead(_ response: ResponseHead) {
        guard !machine.isFinished else { return }
        lastProgress = .now()
        if response.isInterim { return forwardInterim(response) }
        toldToClose = machine.clientMustClose
        machine.responseHead()
        record.status = response.status
        record.upstreamDuration = lastProgress - record.started
        let http10 = head.minorVersion == 0
        let framing = clientFraming(response, http10: http10)
        if framing == .untilClose { toldToClose = true }
        responseBody = BodyWriter(framing)
        loop.scratch.removeAll(keepingCapacity: true)
        writeResponse(
            response,
            ResponseForwarding(
                framing: framing, close: toldToClose, added: response.hasDate ? [] : loop.dateField(),
                http10Client: http10),
            into: &loop.scratch)
        connection.write(loop.scratch)
    }

    /// Content whose end only the closing connection told gets chunks, where the client knows them.
    private func clientFraming(_ response: ResponseHead, http10: Bool) -> BodyFraming {
        switch response.framing {
        case .none, .length: response.framing
        case .chunked, .untilClose: http10 ? .untilClose : .chunked
        }
    }

    /// 103 and its kind; 100 was ours to give (RFC 9110 §15.2).
    private func forwardInterim(_ response: ResponseHead) {
        guard head.minorVersion == 1, response.status != 100 else { return }
        loop.scratch.removeAll(keepingCapacity: true)
        writeResponse(response, ResponseForwarding(framing: .none), into: &loop.scratch)
        connection.write(loop.scratch)
    }

    func upstreamBody(_ piece: ByteBuffer) {
        guard machine.isResponding else { return }
        lastProgress = .now()
        record.responseBytes += piece.readableBytes
        loop.scratch.removeAll(keepingCapacity: true)
        guard responseBody.prefix(forChunkOf: piece.readableBytes, into: &loop.scratch) else {
            return end(machine.abandon(), reason: .upstreamMalformed)
        }
        if !loop.scratch.isEmpty { connection.write(loop.scratch) }
        connection.write(piece)
        loop.scratch.removeAll(keepingCapacity: true)
        responseBody.suffix(into: &loop.scratch)
        if !loop.scratch.isEmpty { connection.write(loop.scratch) }
    }

    func upstreamEnd(keepAlive: Bool) {
        guard machine.isResponding else { return }
        loop.scratch.removeAll(keepingCapacity: true)
        guard responseBody.finish(into: &loop.scratch) else {
            return end(machine.abandon(), reason: .upstreamTruncated)
        }
        if !loop.scratch.isEmpty { connection.write(loop.scratch) }
        let completion = machine.responseEnded(upstreamKeepsAlive: keepAlive, clientWasToldToClose: toldToClose)
        releaseUpstream(keep: completion.keepUpstream)
        log()
        connection.exchangeEnded(keepAlive: completion.keepClient)
    }

    func upstreamFailed(_ reason: Reason) {
        upstream = nil
        end(machine.upstreamLost(canRepeat: reason == .upstreamClosed), reason: reason)
    }

    func upstreamReadComplete() {
        connection.flush()
    }

    /// The upstream takes more, or no more, of the request.
    func upstreamWritabilityChanged(_ isWritable: Bool) {
        if isWritable, !machine.requestIsComplete {
            connection.resume()
        }
    }
}
