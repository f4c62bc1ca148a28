import NIOCore
import SallyportConfig
import SallyportModel
import SallyportPKI
import SallyportTLS

/// TLS for one fetch: the only place of the fetcher that knows how upstream TLS is built.
enum FetchTLS {
    /// The context, to be made off the event loops.
    static func context(for url: FetchURL, trust: FetchTrust) throws(FetchFailure) -> UpstreamTLSContext {
        do throws(PKIError) {
            let (anchors, isPublic) = try anchors(trust)
            return try UpstreamTLSContext(
                UpstreamTLS(), trust: anchors, isPublic: isPublic, credential: nil, source: url.authority)
        } catch {
            throw FetchFailure(.fetchTLSFailed, url, error.description)
        }
    }

    private static func anchors(_ trust: FetchTrust) throws(PKIError) -> ([TrustAnchor], isPublic: Bool) {
        switch trust {
        case .system: (try SystemTrust.anchors(at: UnixTime.seconds()), true)
        case .anchors(let given): (given, false)
        }
    }

    /// To stand first on the channel.
    static func handler(
        _ context: UpstreamTLSContext, _ url: FetchURL,
        done: @escaping (Result<UpstreamPeer, UpstreamTLSFailure>) -> Void
    ) throws(FetchFailure) -> TLSConnectHandler {
        do throws(PKIError) {
            return try context.makeHandler(
                target: UpstreamTarget(scheme: .https, host: url.host, port: url.port), done: done)
        } catch {
            throw FetchFailure(.fetchTLSFailed, url, error.description)
        }
    }

    static func failure(_ failure: UpstreamTLSFailure, _ url: FetchURL) -> FetchFailure {
        FetchFailure(.fetchTLSFailed, url, "\(failure.reason.name) \(failure.reason.title): \(failure.detail)")
    }
}
