import NIOSSL
import SallyportConfig
import SallyportModel
import SallyportPKI

/// Everything needed to shake hands with the targets of an upstream. Immutable, one per upstream and generation.
///
/// The chain and the name are checked by the TLS library against the given anchors. Build it off the event loops.
package final class UpstreamTLSContext: Sendable {
    private let library: NIOSSLContext
    private let name: String?
    private let source: String

    /// - Parameters:
    ///   - trust: anchors that the upstream's certificate must lead to, those of `settings.trust`; empty exactly when
    ///     that is empty and the roots of the operating system are meant.
    ///   - credential: what to present when the upstream asks for a client certificate.
    ///   - source: what to call this in errors: the upstream's name.
    package init(
        _ settings: UpstreamTLS, trust: [TrustAnchor], credential: CredentialPair?, source: String
    ) throws(PKIError) {
        guard settings.trust.isEmpty == trust.isEmpty else {
            throw PKIError(.trustMissing, source, "tls.trust names authorities and none of their anchors is there")
        }
        var configuration = TLSConfiguration.makeClientConfiguration()
        TLSSettings.apply(to: &configuration, minimum: .tlsv12)
        configuration.certificateVerification = .fullVerification
        configuration.trustRoots =
            trust.isEmpty ? .default : .certificates(try TrustAnchor.certificates(trust, source: source))
        if let credential {
            let material = try credential.material(source: source)
            configuration.certificateChain = material.chain
            configuration.privateKey = material.key
        }
        library = try NIOSSLContext.make(configuration, source: source)
        name = settings.name
        self.source = source
    }

    /// A handler for one connection to this target, first on its channel. The upstream's certificate must bear the
    /// configured name, else the target's host; an address is looked for among the certificate's addresses and is
    /// never sent as a server name.
    package func makeHandler(target: UpstreamTarget) throws(PKIError) -> NIOSSLClientHandler {
        let serverHostname = try serverHostname(target)
        do {
            return try NIOSSLClientHandler(context: library, serverHostname: serverHostname)
        } catch {
            throw PKIError(.tlsLibraryRefused, source, BoringSSLMessage.text(of: error))
        }
    }

    /// Nil for an address: the library then compares with the address the connection leads to.
    private func serverHostname(_ target: UpstreamTarget) throws(PKIError) -> String? {
        let text = name ?? target.host
        switch ServerName(text)?.kind {
        case .dns(let name): return name
        case .address(let address):
            if case .address(address) = ServerName(target.host)?.kind { return nil }
            throw PKIError(
                .upstreamNameMismatch, source, "the name \(text) is an address and not that of \(target.host)")
        case nil:
            throw PKIError(.upstreamNameMismatch, source, "\(target.host) is neither a DNS name nor an address")
        }
    }
}
