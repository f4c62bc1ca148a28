import NIOCore
import SallyportPKI
import SallyportTLS

enum ChallengeTLSOutcome: Sendable {
    /// The leaf's DER; nobody vouches for it.
    case shown([UInt8])
    case failed
}

/// TLS to a workload that is to show a certificate made for one challenge. The certificate is self-signed (RFC 8737
/// section 3): nothing is believed of it but what `ACMETLSChallenge` checks, and nothing is sent over the connection.
final class ChallengeTLSHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let sight: CertificateSight
    private let promise: EventLoopPromise<ChallengeTLSOutcome>
    private var isOver = false

    init(name: String, promise: EventLoopPromise<ChallengeTLSOutcome>) throws(PKIError) {
        sight = try CertificateSight(
            serverName: name, protocols: [ACMETLSChallenge.applicationProtocol], source: name)
        self.promise = promise
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { send(sight.begin(), context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        send(sight.begin(), context)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        let (reply, progress) = sight.receive(unwrapInboundIn(data))
        send(reply, context)
        switch progress {
        case .wantsMore: return
        case .failed: end(.failed)
        case .complete(let agreed):
            let isChallenge = agreed == ACMETLSChallenge.applicationProtocol
            end(isChallenge ? sight.leaf.map(ChallengeTLSOutcome.shown) ?? .failed : .failed)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(.failed)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(.failed)
        context.close(promise: nil)
    }

    private func send(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
        guard !bytes.isEmpty else { return }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
    }

    private func end(_ outcome: ChallengeTLSOutcome) {
        isOver = true
        promise.succeed(outcome)
    }
}
