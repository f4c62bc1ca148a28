import SallyportConfig
import SallyportModel
import SallyportPKI
import SallyportTokens

/// Where keys for tokens come from; policies with the same source share its keys.
struct TokenSource: Sendable, Hashable {
    let issuer: String
    let keys: TokenPolicy.Keys
    let algorithms: Set<TokenAlgorithm>

    init(_ policy: TokenPolicy) {
        issuer = policy.issuer
        keys = policy.keys
        algorithms = Set(policy.algorithms)
    }
}

/// Why keys did not come.
struct KeyFetchFailure: Error, CustomStringConvertible {
    let description: String
}

extension TokenSource {
    private static let bounds = FetchBounds(
        total: .seconds(10), connect: .seconds(5), content: VerificationKeys.maximumBytes, redirects: 2)

    /// The key set as the issuer has it now, with the age that it gives it.
    func fetch(_ fetcher: any DocumentFetcher) async throws -> (document: [UInt8], maximumAge: Int64?) {
        let answer = try await Self.get(try await location(fetcher), fetcher)
        return (answer.body, answer.value(of: "cache-control").flatMap(CacheAge.seconds))
    }

    private func location(_ fetcher: any DocumentFetcher) async throws -> FetchURL {
        switch keys {
        case .url(let text):
            guard let url = FetchURL(text) else { throw KeyFetchFailure(description: "\(text) is no URL") }
            return url
        case .discover:
            var failures: [String] = []
            for place in DiscoveryDocument.places(of: issuer) {
                do { return try DiscoveryDocument(try await Self.get(place, fetcher).body, issuer: issuer).keys } catch
                {
                    failures.append("\(place): \(error)")
                }
            }
            throw KeyFetchFailure(
                description: failures.isEmpty ? "the issuer is no plain URL" : failures.joined(separator: "; "))
        }
    }

    private static func get(_ url: FetchURL, _ fetcher: any DocumentFetcher) async throws -> FetchResponse {
        let answer = try await fetcher.fetch(
            FetchRequest(.get, url, fields: [.accept("application/json")], bounds: bounds))
        guard answer.status == 200 else { throw KeyFetchFailure(description: "\(url) answers \(answer.status)") }
        return answer
    }
}
