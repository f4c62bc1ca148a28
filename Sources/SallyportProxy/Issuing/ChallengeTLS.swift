import NIOCore
import NIOSSL
import NIOTLS
import SallyportPKI

enum ChallengeTLSOutcome: Sendable {
    /// The leaf's DER; nobody vouches for it.
    case shown([UInt8])
    case failed
}

/// TLS to a workload that is to show a certificate made for one challenge. Nothing is believed of it but what
/// `ACMETLSChallenge` checks, and nothing is sent over it.
struct ChallengeTLSContext: Sendable {
    private let context: NIOSSLContext

    init() throws {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = [ACMETLSChallenge.applicationProtocol]
        // The certificate is self-signed (RFC 8737 section 3); the callback takes the place of the chain check.
        configuration.certificateVerification = .noHostnameVerification
        context = try NIOSSLContext(configuration: configuration)
    }

    func addHandlers(
        to channel: any Channel, name: String, promise: EventLoopPromise<ChallengeTLSOutcome>
    ) throws {
        let watch = ChallengeTLSWatch(promise)
        let bound = NIOLoopBound(watch, eventLoop: channel.eventLoop)
        let handler = try NIOSSLClientHandler(context: context, serverHostname: name) { certificates, verdict in
            bound.value.seen(certificates.first)
            verdict.succeed(.certificateVerified)
        }
        try channel.pipeline.syncOperations.addHandler(handler)
        try channel.pipeline.syncOperations.addHandler(watch)
    }
}

/// Waits for the end of the handshake.
private final class ChallengeTLSWatch: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let promise: EventLoopPromise<ChallengeTLSOutcome>
    private var certificate: [UInt8]?

    init(_ promise: EventLoopPromise<ChallengeTLSOutcome>) { self.promise = promise }

    func seen(_ leaf: NIOSSLCertificate?) {
        do { certificate = try leaf?.toDERBytes() } catch { certificate = nil }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted(let agreed)? = event as? TLSUserEvent {
            let isChallenge = agreed == ACMETLSChallenge.applicationProtocol
            promise.succeed(isChallenge ? certificate.map(ChallengeTLSOutcome.shown) ?? .failed : .failed)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        promise.succeed(.failed)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        promise.succeed(.failed)
        context.close(promise: nil)
    }
}
