import NIOCore
import NIOSSL
import NIOTLS
import SallyportConfig
import SallyportModel
import SallyportPKI

/// From an accepted TCP connection to an established one, or to an explained refusal.
///
/// It stands first on the channel, collects the ClientHello itself, and only then puts the TLS library in front of
/// itself and replays the bytes. `established` or `refused` is called exactly once, on the channel's loop; after
/// `established` it removes itself.
///
///     collecting ──ClientHello──▶ handshaking ──completed, identity known──▶ ended (established)
///         │                            │
///         └──────────┬─────────────────┘
///                    ▼ first reason to give up
///                refused ──reply sent, peer gone or second passed──▶ closed
package final class TLSAcceptHandler: ChannelInboundHandler, RemovableChannelHandler {
    package typealias InboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    private enum State {
        case collecting
        case handshaking(NIOSSLServerHandler)
        case refused
        case ended
    }

    /// What a client may still send after it was refused, while the reply is on its way.
    private static let lingeringBytes = 64 << 10

    private let tls: ServerTLSContext
    private let listener: String
    private let deadline: TimeAmount
    private let established: (any Channel, EstablishedConnection) throws -> Void
    private let refused: (HandshakeRefusal) -> Void

    private var state = State.collecting
    private var reader = ClientHelloReader()
    /// Everything received so far, for the TLS library.
    private var received: ByteBuffer?
    private var hello: ClientHello?
    private var verdict: VerdictBox?
    private let watch = PlaintextAlertWatch()
    private var timer: Scheduled<Void>?
    private var peer: SocketAddress?
    private var lingered = 0

    /// - Parameters:
    ///   - handshakeDeadline: from the accepted connection to the completed handshake.
    ///   - established: adds the handlers that speak to the client; called before any application byte arrives. Should
    ///     it throw, `refused` follows with `connectionNotTaken`.
    ///   - refused: called when the connection is given up; it is closed by then or being closed.
    package init(
        context: ServerTLSContext, listener: String, handshakeDeadline: TimeAmount = .seconds(5),
        established: @escaping (any Channel, EstablishedConnection) throws -> Void,
        refused: @escaping (HandshakeRefusal) -> Void
    ) {
        tls = context
        self.listener = listener
        deadline = handshakeDeadline
        self.established = established
        self.refused = refused
    }

    // MARK: Events

    package func handlerAdded(context: ChannelHandlerContext) {
        peer = context.channel.remoteAddress
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
        // The library decrypts nothing for us before it reports the end of the handshake, and then we are gone.
        case .handshaking: refuse(.internalError, "bytes came through before the handshake was complete", context)
        case .ended: context.fireChannelRead(data)
        }
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch (state, event) {
        case (.handshaking(let library), TLSUserEvent.handshakeCompleted(let alpn)):
            complete(library, alpn: alpn, context)
        case (.collecting, ChannelEvent.inputClosed), (.handshaking, ChannelEvent.inputClosed):
            peerClosed(context)
        case (.ended, _): context.fireUserInboundEventTriggered(event)
        default: return
        }
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch state {
        case .collecting: peerClosed(context)
        case .handshaking: handshakeFailed(error, context)
        case .refused: context.close(promise: nil)
        case .ended: context.fireErrorCaught(error)
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
        case .refused, .ended: return
        }
    }

    private func deadlinePassed(_ context: ChannelHandlerContext) {
        switch state {
        case .collecting where received == nil: refuse(.handshakeDeadline, "no byte was received", context)
        case .collecting: refuse(.handshakeDeadline, "the ClientHello was not complete", context)
        case .handshaking: refuse(.handshakeDeadline, "the client did not finish the handshake", context)
        case .refused: context.close(promise: nil)
        case .ended: return
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
        self.hello = hello
        if let name = hello.sni, !tls.names.contains(name) {
            return refuse(.serverNameUnknown, "the certificate does not bear the name", context)
        }
        // RFC 7301 section 3.2. The library would go on without a protocol (ALPACA).
        if !hello.alpn.isEmpty, !hello.alpn.contains(where: Self.speaks) {
            return refuse(.noCommonProtocol, "offered: \(Self.list(hello.alpn))", context)
        }
        beginHandshake(context)
    }

    private static func speaks(_ name: [UInt8]) -> Bool {
        TLSSettings.applicationProtocols.contains { $0.utf8.elementsEqual(name) }
    }

    /// At most eight names, each of them printable.
    private static func list(_ protocols: [[UInt8]]) -> String {
        protocols.prefix(8).map { name in
            let printable = name.allSatisfy { (0x21...0x7E).contains($0) }
            return printable ? String(decoding: name.prefix(32), as: UTF8.self) : "(not text)"
        }.joined(separator: ", ")
    }

    // MARK: Handshake

    private func beginHandshake(_ context: ChannelHandlerContext) {
        let box = VerdictBox(tls)
        let library = NIOSSLServerHandler(context: tls.library, customVerificationCallbackWithMetadata: box.verify)
        verdict = box
        guard let bytes = received else { return refuse(.internalError, "the ClientHello was lost", context) }
        received = nil
        do {
            try context.pipeline.syncOperations.addHandlers([watch, library], position: .before(self))
        } catch {
            return refuse(.internalError, "\(error)", context)
        }
        state = .handshaking(library)
        context.pipeline.fireChannelRead(bytes)
        context.pipeline.fireChannelReadComplete()
    }

    private func complete(_ library: NIOSSLServerHandler, alpn: String?, _ context: ChannelHandlerContext) {
        switch admit(library) {
        case .failure(let refusal): refuse(refusal, context)
        case .success(let admitted):
            guard let version = EstablishedConnection.ProtocolVersion(library.tlsVersion) else {
                return refuse(.versionTooOld, "the library agreed to an unknown version", context)
            }
            establish(
                EstablishedConnection(
                    identity: admitted.identity, sni: hello?.sni, tlsVersion: version, resumed: admitted.resumed,
                    alpn: alpn), context)
        }
    }

    /// Who the client is. In a resumed session the library has asked nobody, so its certificate is judged here.
    private func admit(_ library: NIOSSLServerHandler) -> Result<(identity: Identity?, resumed: Bool), ChainRefusal> {
        if let fresh = verdict?.result { return fresh.map { ($0, false) } }
        guard let certificate = library.peerCertificate else {
            if tls.mode != .require { return .success((nil, false)) }
            return .failure(ChainRefusal(.noClientCertificate, "the session has no client certificate"))
        }
        do {
            return tls.verify(resumed: try certificate.toDERBytes()).map { ($0, true) }.mapError(Self.inResumedSession)
        } catch {
            return .failure(ChainRefusal(.resumedIdentityNotValid, "the certificate of the session cannot be read"))
        }
    }

    /// The certificate was good when the session began, so an unknown issuer now means that the rules have changed.
    private static func inResumedSession(_ refusal: ChainRefusal) -> ChainRefusal {
        let reason = refusal.reason == .certificateIssuerUnknown ? .resumedIdentityNotValid : refusal.reason
        return ChainRefusal(
            reason, "in a resumed session: \(refusal.detail)", subject: refusal.subject, issuer: refusal.issuer,
            serial: refusal.serial)
    }

    private func establish(_ connection: EstablishedConnection, _ context: ChannelHandlerContext) {
        do {
            try established(context.channel, connection)
        } catch {
            return refuse(.connectionNotTaken, "\(error)", context)
        }
        state = .ended
        timer?.cancel()
        timer = nil
        context.pipeline.syncOperations.removeHandler(watch, promise: nil)
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    // MARK: Refusing

    private func handshakeFailed(_ error: any Error, _ context: ChannelHandlerContext) {
        let failure = failure(of: error)
        switch verdict?.result {
        case .failure(let refusal):
            refuse(refusal, context)
        case .success(let identity):
            let facts = identity.certificate
            refuse(
                ChainRefusal(
                    failure.reason, failure.detail, subject: facts.subject, issuer: facts.issuer, serial: facts.serial),
                context)
        case nil:
            refuse(failure.reason, failure.detail, context)
        }
    }

    private func failure(of error: any Error) -> (reason: Reason, detail: String) {
        let failure = HandshakeFailure.describe(error)
        guard failure.reason == .protocolViolation, let alert = watch.alert else { return failure }
        return (HandshakeFailure.reason(alert: alert), "alert \(alert) in the clear")
    }

    private func refuse(_ reason: Reason, _ detail: String, _ context: ChannelHandlerContext) {
        refuse(ChainRefusal(reason, detail), context)
    }

    private func refuse(_ refusal: ChainRefusal, _ context: ChannelHandlerContext) {
        if case .refused = state { return }
        if case .ended = state { return }
        let early = if case .collecting = state { true } else { false }
        state = .refused
        received = nil
        timer?.cancel()
        timer = nil
        refused(
            HandshakeRefusal(
                reason: refusal.reason, detail: refusal.detail, peer: PeerText.text(of: peer), listener: listener,
                sni: hello?.sni, subject: refusal.subject, issuer: refusal.issuer, serial: refusal.serial,
                fix: HandshakeRefusal.fix(for: refusal.reason, subject: refusal.subject)))
        guard early, let reply = Self.reply(to: refusal.reason) else { return context.close(promise: nil) }
        send(reply, context)
    }

    /// What is said in the clear, before any TLS.
    private static func reply(to reason: Reason) -> [UInt8]? {
        reason == .plainHTTP ? PlainHTTPReply.bytes : TLSAlert(for: reason)?.record
    }

    /// Sends the reply and half-closes. To close at once would make the kernel send a reset if the client is still
    /// sending, and a reset may overtake the reply.
    private func send(_ reply: [UInt8], _ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(bytes: reply)), promise: nil)
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

extension EstablishedConnection.ProtocolVersion {
    init?(_ version: TLSVersion?) {
        switch version {
        case .tlsv13: self = .tls13
        case .tlsv12: self = .tls12
        default: return nil
        }
    }
}
