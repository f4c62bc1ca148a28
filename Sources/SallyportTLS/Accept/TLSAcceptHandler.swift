import NIOCore
import SallyportConfig
import SallyportModel
import SallyportPKI

/// From an accepted TCP connection to an established one, or to an explained refusal.
///
/// It stands first on the channel, collects the ClientHello itself, and only then begins the handshake with these
/// bytes. `established` or `refused` is called exactly once, on the channel's loop; after `established` a
/// `TLSRecordHandler` takes its place.
///
///     collecting ──ClientHello──▶ handshaking ──complete, identity known──▶ ended (established)
///         │                            │
///         └──────────┬─────────────────┘
///                    ▼ first reason to give up
///                refused ──reply sent, peer gone or second passed──▶ closed
package final class TLSAcceptHandler: ChannelInboundHandler, RemovableChannelHandler {
    package typealias InboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    private enum State {
        case collecting
        case handshaking(Handshake)
        case refused
        /// The handshake is over, and the handlers behind this one are being added.
        case establishing
        case ended
    }

    private struct Handshake {
        let engine: TLSEngine
        let hello: ClientHello
        let policy: HostPolicyID
        let tls: ServerTLSContext
    }

    /// What a client may still send after it was refused, while the reply is on its way.
    private static let lingeringBytes = 64 << 10

    private let tls: ListenerTLSContext
    private let listener: String
    private let deadline: TimeAmount
    private let observed: (ClientHello, ClientFingerprint) -> Void
    private let mayBegin: () -> Reason?
    private let established: (any Channel, EstablishedConnection) throws -> Void
    private let refused: (HandshakeRefusal) -> Void
    private let finished: ((HandshakeRecorder, EstablishedConnection) -> Void)?

    private var state = State.collecting
    private var reader = ClientHelloReader()
    /// Everything received so far, for the TLS library.
    private var received: ByteBuffer?
    private var hello: ClientHello?
    private var fingerprint: ClientFingerprint?
    /// The verdict on the chain that the client presented; nil until it has presented one in a full handshake.
    private var verdict: Result<Identity, ChainRefusal>?
    private var plaintextAlert = PlaintextAlertReader()
    private var timer: Scheduled<Void>?
    private var peer: SocketAddress?
    private var lingered = 0
    private var recorder = HandshakeRecorder(acceptedAt: TLSAcceptHandler.now())

    /// - Parameters:
    ///   - handshakeDeadline: from the accepted connection to the completed handshake.
    ///   - observed: called once for each ClientHello that could be read, whatever becomes of it.
    ///   - peer: who the client is, where the channel's own peer only speaks for it.
    ///   - mayBegin: asked before a ClientHello costs anything; a reason refuses it.
    ///   - established: adds the handlers that speak to the client; called before any application byte arrives. Should
    ///     it throw, `refused` follows with `connectionNotTaken`.
    ///   - refused: called when the connection is given up; it is closed by then or being closed.
    ///   - finished: called after `established` with how it went, where somebody wants to know.
    package init(
        context: ListenerTLSContext, listener: String, handshakeDeadline: TimeAmount = .seconds(5),
        peer: SocketAddress? = nil, observed: @escaping (ClientHello, ClientFingerprint) -> Void = { _, _ in },
        mayBegin: @escaping () -> Reason? = { nil },
        established: @escaping (any Channel, EstablishedConnection) throws -> Void,
        refused: @escaping (HandshakeRefusal) -> Void,
        finished: ((HandshakeRecorder, EstablishedConnection) -> Void)? = nil
    ) {
        tls = context
        self.listener = listener
        deadline = handshakeDeadline
        self.observed = observed
        self.mayBegin = mayBegin
        self.peer = peer
        self.established = established
        self.refused = refused
        self.finished = finished
    }

    /// Of the clock that the recorder counts by.
    private static func now() -> UInt64 { NIODeadline.now().uptimeNanoseconds.magnitude }

    // MARK: Events

    package func handlerAdded(context: ChannelHandlerContext) {
        peer = peer ?? context.channel.remoteAddress
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: deadline) { [self] in deadlinePassed(context) }
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
    }

    package func channelActive(context: ChannelHandlerContext) {
        peer = peer ?? context.channel.remoteAddress
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        switch state {
        case .collecting: collect(bytes, context)
        case .refused: linger(bytes, context)
        case .handshaking(let handshake):
            plaintextAlert.read(bytes.readableBytesUInt8Span)
            handshake.engine.receive(bytes)
            advance(handshake, context)
        case .establishing, .ended: context.fireChannelRead(data)
        }
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch (state, event) {
        case (.collecting, ChannelEvent.inputClosed), (.handshaking, ChannelEvent.inputClosed):
            peerClosed(context)
        case (.establishing, _), (.ended, _): context.fireUserInboundEventTriggered(event)
        default: return
        }
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch state {
        case .collecting, .handshaking: peerClosed(context)
        case .refused: context.close(promise: nil)
        case .establishing, .ended: context.fireErrorCaught(error)
        }
    }

    package func channelInactive(context: ChannelHandlerContext) {
        peerClosed(context)
        context.fireChannelInactive()
    }

    private func peerClosed(_ context: ChannelHandlerContext) {
        switch state {
        case .collecting where received == nil:
            refuse(.closedSilently, "no byte was received", context)
        case .collecting: refuse(.closedInClientHello, "the ClientHello was not complete", context)
        case .handshaking: refuse(.closedInHandshake, "the connection ended in the middle of the handshake", context)
        case .refused, .establishing, .ended: return
        }
    }

    private func deadlinePassed(_ context: ChannelHandlerContext) {
        switch state {
        case .collecting where received == nil: refuse(.handshakeDeadline, "no byte was received", context)
        case .collecting: refuse(.handshakeDeadline, "the ClientHello was not complete", context)
        case .handshaking: refuse(.handshakeDeadline, "the client did not finish the handshake", context)
        case .refused: context.close(promise: nil)
        case .establishing, .ended: return
        }
    }

    // MARK: ClientHello

    private func collect(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        let outcome = reader.read(bytes.readableBytesUInt8Span)
        keep(bytes)
        switch outcome {
        case .needMore: return
        case .plainHTTP: refuse(.plainHTTP, "the first bytes are an HTTP request", context)
        case .refused(let fault): refuse(fault.reason, fault.detail.description, context)
        case .hello(let hello): take(hello, context)
        }
    }

    private func keep(_ bytes: ByteBuffer) {
        if received == nil {
            received = bytes
        } else {
            received?.writeImmutableBuffer(bytes)
        }
    }

    private func take(_ hello: ClientHello, _ context: ChannelHandlerContext) {
        let fingerprint = ClientFingerprint(hello)
        self.hello = hello
        self.fingerprint = fingerprint
        recorder.helloReceived(hello, at: Self.now())
        observed(hello, fingerprint)
        guard let (policy, tls) = tls.policy(serverName: hello.sni) else {
            return refuse(.serverNameUnknown, "there is no server name, and the listener asks for one", context)
        }
        recorder.chose(tls.policy, at: Self.now())
        if tls.awaitsCertificate(for: hello.sni) {
            return refuse(.acmeCertificatePending, "no certificate can be shown", context)
        }
        if let name = hello.sni, !tls.bears(name) {
            return refuse(.serverNameUnknown, "no certificate bears the name", context)
        }
        if let fault = tls.denial.fault(for: fingerprint) {
            return refuse(fault.reason, fault.detail.description, context)
        }
        // RFC 7301 section 3.2. The library would go on without a protocol (ALPACA).
        // Who offers none speaks HTTP/1.1 (RFC 9113 section 3.2 asks for ALPN).
        let spoken = tls.policy.applicationProtocols
        let offered = hello.alpn.isEmpty ? [Array("http/1.1".utf8)] : hello.alpn
        guard offered.contains(where: { name in spoken.contains { $0.utf8.elementsEqual(name) } }) else {
            return refuse(.noCommonProtocol, "offered: \(hello.alpn.isEmpty ? "nothing" : Self.list(hello.alpn))", context)
        }
        if let reason = mayBegin() { return refuse(reason, "more handshakes than are begun", context) }
        beginHandshake(hello, policy, tls, context)
    }

    /// At most eight names, each of them printable.
    private static func list(_ protocols: [[UInt8]]) -> String {
        protocols.prefix(8).map { name in
            let printable = name.allSatisfy { (0x21...0x7E).contains($0) }
            return printable ? String(decoding: name.prefix(32), as: UTF8.self) : "(not text)"
        }.joined(separator: ", ")
    }

    // MARK: Handshake

    private func beginHandshake(
        _ hello: ClientHello, _ policy: HostPolicyID, _ tls: ServerTLSContext, _ context: ChannelHandlerContext
    ) {
        guard let bytes = received.take() else { return refuse(.internalError, "the ClientHello was lost", context) }
        // The engine forgets the closure when the handshake is complete; until then this handler holds the engine.
        guard let engine = tls.makeEngine(for: hello, judge: { [unowned self] in judge($0, tls) }) else {
            return refuse(.internalError, "the TLS library could not begin a connection", context)
        }
        let handshake = Handshake(engine: engine, hello: hello, policy: policy, tls: tls)
        state = .handshaking(handshake)
        engine.receive(bytes)
        advance(handshake, context)
    }

    private func judge(_ chain: [[UInt8]], _ tls: ServerTLSContext) -> Bool {
        recorder.received(chain: chain, at: Self.now())
        let result = tls.verify(presented: chain)
        recorder.verified(at: Self.now())
        verdict = result
        if case .success = result { return true }
        return false
    }

    private func advance(_ handshake: Handshake, _ context: ChannelHandlerContext) {
        let step = handshake.engine.handshake()
        if let shown = handshake.tls.shown(by: handshake.engine) { recorder.chose(certificate: shown, at: Self.now()) }
        switch step {
        case .incomplete:
            guard let bytes = handshake.engine.takeOutbound() else { return }
            context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        case .complete: complete(handshake, context)
        case .failed(let failure): handshakeFailed(failure, alert: handshake.engine.takeOutbound(), context)
        }
    }

    private func complete(_ handshake: Handshake, _ context: ChannelHandlerContext) {
        guard let facts = handshake.engine.facts else {
            return refuse(.versionTooOld, "the library agreed to an unknown version", context)
        }
        // Two readers of the same message: where they differ, one of them can be deceived.
        guard handshake.engine.serverName?.lowercased() == handshake.hello.sni else {
            return refuse(.helloServerNameInvalid, "the server name has two meanings", context)
        }
        switch admit(handshake, resumed: facts.resumed) {
        case .failure(let refusal): refuse(refusal, context)
        case .success(let identity):
            let connection = EstablishedConnection(
                identity: identity, sni: handshake.hello.sni, policy: handshake.policy,
                certificate: handshake.tls.names(shownBy: handshake.engine, serverName: handshake.hello.sni), tls: facts,
                fingerprint: fingerprint)
            establish(handshake.engine, connection, context)
        }
    }

    /// Who the client is. In a resumed session the library has asked nobody, so its certificate is judged here.
    private func admit(_ handshake: Handshake, resumed: Bool) -> Result<Identity?, ChainRefusal> {
        if let verdict { return verdict.map { $0 } }
        guard let certificate = handshake.engine.peerCertificates.first else {
            if handshake.tls.mode != .require { return .success(nil) }
            return .failure(ChainRefusal(.noClientCertificate, "the session has no client certificate"))
        }
        guard resumed else {
            return .failure(ChainRefusal(.internalError, "the certificate was not judged"))
        }
        return handshake.tls.verify(resumed: certificate).map { $0 }.mapError(Self.inResumedSession)
    }

    /// The certificate was good when the session began, so an unknown issuer now means that the rules have changed.
    private static func inResumedSession(_ refusal: ChainRefusal) -> ChainRefusal {
        let reason = refusal.reason == .certificateIssuerUnknown ? .resumedIdentityNotValid : refusal.reason
        return ChainRefusal(
            reason, "in a resumed session: \(refusal.detail)", subject: refusal.subject, issuer: refusal.issuer,
            serial: refusal.serial)
    }

    private func establish(
        _ engine: TLSEngine, _ connection: EstablishedConnection, _ context: ChannelHandlerContext
    ) {
        let records = TLSRecordHandler(engine)
        // A write that fails reads what is left of the peer before it returns, and that comes here.
        state = .establishing
        do {
            if let bytes = engine.takeOutbound() { context.writeAndFlush(wrapOutboundOut(bytes), promise: nil) }
            // Whoever is added now may write at once, and never in the clear.
            try context.pipeline.syncOperations.addHandler(records, position: .before(self))
            try take(connection, behind: records, context)
            state = .ended
            timer?.cancel()
            timer = nil
            let place = try context.pipeline.syncOperations.context(handler: records)
            context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
            if let finished {
                recorder.finished(connection.tls, at: Self.now())
                finished(recorder, connection)
            }
            records.deliverRest(context: place)
        } catch let refusal as ConnectionRefused {
            refuse(refusal.reason, "refused after a good handshake", context)
        } catch {
            refuse(.connectionNotTaken, "\(error)", context)
        }
    }

    private func take(
        _ connection: EstablishedConnection, behind records: TLSRecordHandler, _ context: ChannelHandlerContext
    ) throws {
        do {
            try established(context.channel, connection)
        } catch {
            // The refusal writes its own record.
            context.pipeline.syncOperations.removeHandler(records, promise: nil)
            throw error
        }
    }

    // MARK: Refusing

    /// - Parameter alert: what the library wants the client to be told.
    private func handshakeFailed(_ failure: TLSFailure, alert: ByteBuffer?, _ context: ChannelHandlerContext) {
        note(failure)
        let failure = explain(failure)
        switch verdict {
        case .failure(let refusal):
            refuse(refusal, saying: alert, context)
        case .success(let identity):
            let facts = identity.certificate
            refuse(
                ChainRefusal(
                    failure.reason, failure.detail, subject: facts.subject, issuer: facts.issuer, serial: facts.serial),
                saying: alert, context)
        case nil:
            refuse(ChainRefusal(failure.reason, failure.detail), saying: alert, context)
        }
    }

    /// The client's alert, for the explanation.
    private func note(_ failure: TLSFailure) {
        let names: [String] = if case .library(let names) = failure { names } else { [] }
        if let alert = names.lazy.compactMap(ServerAlert.number).first ?? plaintextAlert.description {
            recorder.received(alert: alert)
        }
    }

    private func explain(_ failure: TLSFailure) -> (reason: Reason, detail: String) {
        let described = HandshakeFailure.describe(failure)
        guard described.reason == .protocolViolation, let alert = plaintextAlert.description else { return described }
        return (HandshakeFailure.reason(alert: alert), "alert \(alert) in the clear")
    }

    private func refuse(_ reason: Reason, _ detail: String, _ context: ChannelHandlerContext) {
        let isEarly = if case .collecting = state { true } else { false }
        let reply = isEarly ? Self.reply(to: reason) : nil
        refuse(ChainRefusal(reason, detail), saying: reply.map { context.channel.allocator.buffer(bytes: $0) }, context)
    }

    private func refuse(_ refusal: ChainRefusal, saying reply: ByteBuffer? = nil, _ context: ChannelHandlerContext) {
        if case .refused = state { return }
        if case .ended = state { return }
        state = .refused
        received = nil
        timer?.cancel()
        timer = nil
        recorder.refused(at: Self.now())
        if let alert = TLSAlert.number(in: reply) ?? (refusal.reason.isOfTheChain && reply != nil ? 46 : nil) {
            recorder.sent(alert: alert)
        }
        refused(
            HandshakeRefusal(
                reason: refusal.reason, detail: refusal.detail, peer: PeerText.text(of: peer), listener: listener,
                sni: hello?.sni, subject: refusal.subject, issuer: refusal.issuer, serial: refusal.serial,
                fix: HandshakeRefusal.fix(for: refusal.reason, subject: refusal.subject), ja4: fingerprint?.ja4,
                record: recorder))
        guard let reply else { return context.close(promise: nil) }
        send(reply, context)
    }

    /// What is said in the clear, before any TLS.
    private static func reply(to reason: Reason) -> [UInt8]? {
        reason == .plainHTTP ? PlainHTTPReply.bytes : TLSAlert(for: reason)?.record
    }

    /// Sends the reply and half-closes. To close at once would make the kernel send a reset if the client is still
    /// sending, and a reset may overtake the reply.
    private func send(_ reply: ByteBuffer, _ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(reply), promise: nil)
        let closed = context.eventLoop.makePromise(of: Void.self)
        closed.futureResult.assumeIsolated().whenFailure { _ in context.close(promise: nil) }
        context.close(mode: .output, promise: closed)
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) { context.close(promise: nil) }
    }

    private func linger(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        lingered += bytes.readableBytes
        if lingered > Self.lingeringBytes { context.close(promise: nil) }
    }
}
