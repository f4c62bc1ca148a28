import NIOCore
import NIOSSL
import SallyportConfig
import SallyportModel
import SallyportPKI
import SallyportTLS

/// TLS for one fetch: the only place of the fetcher that knows how upstream TLS is built.
///
/// Touched on one event loop after it was made.
final class FetchTLS {
    private let handler: NIOSSLClientHandler
    private let url: FetchURL

    /// The context, to be made off the event loops.
    static func context(for url: FetchURL, trust: FetchTrust) throws(FetchFailure) -> UpstreamTLSContext {
        var anchors: [TrustAnchor] = []
        if case .anchors(let given) = trust {
            guard !given.isEmpty else {
                throw FetchFailure(.fetchTLSFailed, url, "no authority is trusted for this server")
            }
            anchors = given
        }
        // The names only say that the anchors are not those of the system.
        let settings = UpstreamTLS(trust: anchors.isEmpty ? [] : ["given"])
        do throws(PKIError) {
            return try UpstreamTLSContext(settings, trust: anchors, credential: nil, source: url.authority)
        } catch {
            throw FetchFailure(.fetchTLSFailed, url, error.description)
        }
    }

    init(_ context: UpstreamTLSContext, _ url: FetchURL) throws(FetchFailure) {
        self.url = url
        do throws(PKIError) {
            handler = try context.makeHandler(target: UpstreamTarget(scheme: .https, host: url.host, port: url.port))
        } catch {
            throw FetchFailure(.fetchTLSFailed, url, error.description)
        }
    }

    /// To stand first on the channel.
    var channelHandler: any ChannelHandler { handler }

    /// What the channel's error means; nil when it does not come from TLS.
    func failure(_ error: any Error) -> FetchFailure? {
        UpstreamTLSFailure(error, handler: handler).map(failure)
    }

    /// To be asked when the handshake is complete: what speaks against the certificate still.
    func refusal() -> FetchFailure? {
        UpstreamTLSFailure(unnamed: handler).map(failure)
    }

    private func failure(_ failure: UpstreamTLSFailure) -> FetchFailure {
        FetchFailure(.fetchTLSFailed, url, "\(failure.reason.name) \(failure.reason.title): \(failure.detail)")
    }
}
