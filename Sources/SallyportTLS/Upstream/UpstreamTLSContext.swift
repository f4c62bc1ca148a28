import NIOSSL
import SallyportConfig
import SallyportModel
import SallyportPKI

/// Everything needed to shake hands with the targets of an upstream. Immutable, one per upstream and generation.
package final class UpstreamTLSContext: Sendable {
    /// - Parameters:
    ///   - trust: anchors that the upstream's certificate must lead to; empty means those of the operating system.
    ///   - credential: what to present when the upstream asks for a client certificate.
    ///   - source: what to call this in errors: the upstream's name.
    package init(
        _ settings: UpstreamTLS, trust: [TrustAnchor], credential: CredentialPair?, source: String
    ) throws(PKIError) {
        throw PKIError(.tlsLibraryRefused, source, "not implemented")
    }

    /// A handler for one connection to this target, first on its channel. The upstream's certificate must bear
    /// the configured name, else the target's host.
    package func makeHandler(target: UpstreamTarget) throws(PKIError) -> NIOSSLClientHandler {
        throw PKIError(.tlsLibraryRefused, target.host, "not implemented")
    }
}
