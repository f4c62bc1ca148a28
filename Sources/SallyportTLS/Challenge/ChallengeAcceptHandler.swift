import NIOCore
import SallyportModel
import SallyportPKI

/// Stands in front of a listener's TLS while a tls-alpn-01 challenge is pending (RFC 8737): answers the ACME server and
/// hands everybody else on.
///
///     collecting ──acme-tls/1, name pending──▶ answering ──handshake over──▶ closed
///         ├──acme-tls/1, no such challenge──▶ refused
///         └──anything else──▶ handed on, with every byte
///
/// Only an ALPN list of exactly `acme-tls/1` gets the challenge's certificate (§3), and after that handshake the
/// connection ends: nobody can reach anything through it.
package final class ChallengeAcceptHandler: ChannelInboundHandler, RemovableChannelHandler {
    package typealias InboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    package enum Ending {
        /// The ACME server has seen the certificate of this name, or has gone while it did.
        case answered(name: String)
        case refused(HandshakeRefusal)
        case handedOn
    }

    private enum State {
        case collecting
        case answering(String, TLSEngine)
        case ended
    }

    private let challenges: PendingChallenges
    private let listener: String
    private let deadline: TimeAmount
    private let accept: () -> any ChannelHandler
    private let ended: (Ending) -> Void
    private var state = State.collecting
    private var reader = ClientHelloReader()
    private var received = ByteBuffer()
    private var timer: Scheduled<Void>?

    /// - Parameters:
    ///   - deadline: from the accepted connection to the end of the ClientHello, or of the challenge's handshake.
    ///   - accept: makes the handler that goes on with whoever is no ACME server.
    ///   - ended: called exactly once, on the channel's loop, before `accept`.
    package init(
        challenges: PendingChallenges, listener: String, deadline: TimeAmount, accept: @escaping () -> any ChannelHandler,
        ended: @escaping (Ending) -> Void
    ) {
        self.challenges = challenges
        self.listener = listener
        self.deadline = deadline
        self.accept = accept
        self.ended = ended
    }

    // MARK: Events

    package func handlerAdded(context: ChannelHandlerContext) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: deadline) { [self] in
            refuse(.handshakeDeadline, "the handshake was not complete", nil, context)
        }
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        switch state {
        case .collecting: collect(bytes, context)
        case .answering(_, let engine):
            engine.receive(bytes)
            advance(engine, context)
        case .ended: return
        }
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) { peerClosed(context) }

    package func channelInactive(context: ChannelHandlerContext) {
        peerClosed(context)
        context.fireChannelInactive()
    }

    private func peerClosed(_ context: ChannelHandlerContext) {
        switch state {
        case .collecting where received.readableBytes == 0:
            refuse(.closedSilently, "no byte was received", nil, context)
        case .collecting: refuse(.closedInClientHello, "the ClientHello was not complete", nil, context)
        // Many ACME servers hang up as soon as they have the certificate.
        case .answering: answered(context)
        case .ended: context.close(promise: nil)
        }
    }

    // MARK: ClientHello

    private func collect(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        let outcome = reader.read(bytes.readableBytesUInt8Span)
        received.writeImmutableBuffer(bytes)
        switch outcome {
        case .needMore: return
        case .hello(let hello) where hello.alpn.contains(Self.wanted): take(hello, context)
        // What is wrong with it, the listener's own TLS says better.
        case .hello, .plainHTTP, .refused: handOn(context)
        }
    }

    private static let wanted = Array(ChallengeCertificate.applicationProtocol.utf8)

    private func take(_ hello: ClientHello, _ context: ChannelHandlerContext) {
        guard hello.alpn.count == 1, let name = hello.sni, let tls = challenges.tls(serverName: name) else {
            return refuse(.acmeChallengeUnknown, "no such challenge is pending", hello.sni, context)
        }
        guard let engine = tls.makeEngine() else {
            return refuse(.internalError, "the TLS library could not begin a connection", name, context)
        }
        state = .answering(name, engine)
        engine.receive(received)
        received = ByteBuffer()
        advance(engine, context)
    }

    private func handOn(_ context: ChannelHandlerContext) {
        state = .ended
        ended(.handedOn)
        do {
            let handler = accept()
            try context.pipeline.syncOperations.addHandler(handler, position: .after(self))
        } catch {
            return context.close(promise: nil)
        }
        context.fireChannelRead(NIOAny(received))
        context.fireChannelReadComplete()
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    // MARK: The challenge

    private func advance(_ engine: TLSEngine, _ context: ChannelHandlerContext) {
        let step = engine.handshake()
        if let bytes = engine.takeOutbound() { context.writeAndFlush(wrapOutboundOut(bytes), promise: nil) }
        if step != .incomplete { answered(context) }
    }

    private func answered(_ context: ChannelHandlerContext) {
        guard case .answering(let name, let engine) = state else { return }
        state = .ended
        ended(.answered(name: name))
        engine.closeNotify()
        if let bytes = engine.takeOutbound() { context.writeAndFlush(wrapOutboundOut(bytes), promise: nil) }
        context.close(promise: nil)
    }

    private func refuse(_ reason: Reason, _ detail: String, _ name: String?, _ context: ChannelHandlerContext) {
        if case .ended = state { return }
        state = .ended
        ended(
            .refused(
                HandshakeRefusal(
                    reason: reason, detail: detail, peer: PeerText.text(of: context.channel.remoteAddress),
                    listener: listener, sni: name, fix: HandshakeRefusal.fix(for: reason, subject: nil))))
        if let alert = TLSAlert(for: reason)?.record {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: alert)), promise: nil)
        }
        context.close(promise: nil)
    }
}
