import NIOSSL
import SallyportModel

/// Why the handshake with an upstream failed, for the log; the client sees the reason's title only.
package struct UpstreamTLSFailure: Error, Sendable {
    package let reason: Reason
    package let detail: String

    /// - Parameters:
    ///   - error: what the channel's error handler caught.
    ///   - handler: the connection's TLS handler, to look at the certificate that was presented.
    /// - Returns: nil when the error does not come from TLS.
    package init?(_ error: any Error, handler: NIOSSLHandler?) {
        return nil
    }
}
