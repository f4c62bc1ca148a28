import NIOCore
import NIOSSL
import SallyportModel
import SallyportPKI

/// Judges the chain of one connection and remembers how, since the TLS library passes on only yes or no.
final class VerdictBox {
    private let tls: ServerTLSContext
    /// Nil until the client has presented a certificate in a full handshake.
    private(set) var result: Result<Identity, ChainRefusal>?

    init(_ tls: ServerTLSContext) {
        self.tls = tls
    }

    /// The library's callback: what was presented, leaf first; on the loop and without waiting.
    func verify(_ chain: [NIOSSLCertificate], _ promise: EventLoopPromise<NIOSSLVerificationResultWithMetadata>) {
        let result = judge(chain)
        self.result = result
        switch result {
        case .success: promise.succeed(.certificateVerified(VerificationMetadata(nil)))
        case .failure: promise.succeed(.failed)
        }
    }

    private func judge(_ chain: [NIOSSLCertificate]) -> Result<Identity, ChainRefusal> {
        do {
            return tls.verify(presented: try chain.map { try $0.toDERBytes() })
        } catch {
            return .failure(ChainRefusal(.certificateMalformed, "the library cannot encode the certificate"))
        }
    }
}
