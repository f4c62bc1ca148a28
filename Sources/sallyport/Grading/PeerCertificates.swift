import NIOCore
import NIOPosix
import NIOSSL
import SallyportPKI
import Synchronization

/// The certificate of a server that speaks TLS 1.3 only, where it travels encrypted: a real handshake is needed. It is
/// ended as soon as the certificate has come; nothing is verified, because nothing is sent.
struct PeerCertificates {
    let host: String
    let port: Int
    /// Sent as SNI; nil sends none.
    let serverName: String?

    /// The leaf's strength; nil when the handshake did not get that far.
    func leaf() -> CertificateStrength? {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let sight = Sight()
        // The handshake is made to fail; all that counts is what was seen on the way.
        _ = Result { try meet(on: group, sight) }
        _ = Result { try group.syncShutdownGracefully() }
        return sight.leaf.withLock { $0 }.flatMap(CertificateStrength.init(der:))
    }

    private final class Sight: Sendable {
        let leaf = Mutex<[UInt8]?>(nil)
    }

    private func meet(on group: MultiThreadedEventLoopGroup, _ sight: Sight) throws {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .noHostnameVerification
        configuration.minimumTLSVersion = .tlsv12
        let context = try NIOSSLContext(configuration: configuration)
        let channel = try ClientBootstrap(group: group)
            .connectTimeout(.seconds(4))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = try NIOSSLClientHandler(
                        context: context, serverHostname: serverName,
                        customVerificationCallback: { certificates, verdict in
                            Self.keep(certificates, sight)
                            verdict.succeed(.failed)
                        })
                    try channel.pipeline.syncOperations.addHandlers([handler, EndOnError()])
                }
            }
            .connect(host: host, port: port).wait()
        let deadline = channel.eventLoop.scheduleTask(in: .seconds(4)) { channel.close(promise: nil) }
        defer { deadline.cancel() }
        try channel.closeFuture.wait()
    }

    private static func keep(_ certificates: [NIOSSLCertificate], _ sight: Sight) {
        guard case .success(let der)? = certificates.first.map({ leaf in Result { try leaf.toDERBytes() } }) else {
            return
        }
        sight.leaf.withLock { $0 = der }
    }

    private final class EndOnError: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }
}
