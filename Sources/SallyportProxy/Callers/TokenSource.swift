import SallyportConfig
import SallyportModel
import SallyportPKI
import SallyportTokens

/// Where keys for tokens come from; policies with the same source share its keys.
struct TokenSource: Sendable, Hashable {
    let issuer: String
    let keys: TokenPolicy.Keys
    let algorithms: Set<TokenAlgorithm>
    /// Names of authorities.
    let trust: [String]

    init(_ policy: TokenPolicy) {
        issuer = policy.issuer
        keys = policy.keys
        algorithms = Set(policy.algorithms)
        trust = policy.trust
    }
}

extension TokenSource {
    /// The shared secret that takes the place of keys.
    var secret: SecretReference? {
        if case .secret(let reference) = keys { reference } else { nil }
    }
}

/// Why keys did not come.
struct KeyFetchFailure: Error, CustomStringConvertible {
    let description: String
}

/// What the configuration gives for checking tokens, read when it was loaded.
struct TokenMaterials: Sendable {
    var secrets: [SecretReference: [UInt8]] = [:]
    /// By names of authorities, as policies list them.
    var trust: [[String]: [TrustAnchor]] = [:]

    /// Whether keys that came by the other materials would come by these.
    func gives(_ source: TokenSource, what other: TokenMaterials) -> Bool {
        func authorities(_ materials: TokenMaterials) -> [[UInt8]] {
            (materials.trust[source.trust] ?? []).map(\.certificate.der)
        }
        let isSecretTheSame = source.secret.map { secrets[$0] == other.secrets[$0] } ?? true
        return isSecretTheSame && authorities(self) == authorities(other)
    }

    /// Where authorities are named whose certificates are not at hand, nobody is believed.
    func trust(in names: [String]) -> FetchTrust { names.isEmpty ? .system : .anchors(trust[names] ?? []) }
}

extension TokenSource {
    /// The keys, fetched or out of the configuration.
    func load(
        _ fetcher: any DocumentFetcher, _ materials: TokenMaterials, revision: UInt64
    ) async throws -> (keys: VerificationKeys, maximumAge: Int64?) {
        guard case .secret(let reference) = keys else {
            let (document, age) = try await fetch(fetcher, trust: materials.trust(in: trust))
            return (try await VerificationKeys(jwks: document, allowed: algorithms, revision: revision), age)
        }
        guard let secret = materials.secrets[reference], let algorithm = algorithms.first, algorithms.count == 1 else {
            throw KeyFetchFailure(description: "the shared secret has not been read")
        }
        return (try await VerificationKeys(secret: secret, algorithm: algorithm, revision: revision), nil)
    }

    private static let bounds = FetchBounds(
        total: .seconds(10), connect: .seconds(5), content: VerificationKeys.maximumBytes, redirects: 2)

    /// The key set as the issuer has it now, with the age that it gives it.
    func fetch(
        _ fetcher: any DocumentFetcher, trust: FetchTrust
    ) async throws -> (document: [UInt8], maximumAge: Int64?) {
        let answer = try await Self.get(try await location(fetcher, trust), fetcher, trust)
        return (answer.body, answer.value(of: "cache-control").flatMap(CacheAge.seconds))
    }

    private func location(_ fetcher: any DocumentFetcher, _ trust: FetchTrust) async throws -> FetchURL {
        switch keys {
        case .secret: throw KeyFetchFailure(description: "a shared secret is not fetched")
        case .url(let text):
            guard let url = FetchURL(text) else { throw KeyFetchFailure(description: "\(text) is no URL") }
            return url
        case .discover:
            var failures: [String] = []
            for place in DiscoveryDocument.places(of: issuer) {
                do { return try DiscoveryDocument(try await Self.get(place, fetcher, trust).body, issuer: issuer).keys } catch
                {
                    failures.append("\(place): \(error)")
                }
            }
            throw KeyFetchFailure(
                description: failures.isEmpty ? "the issuer is no plain URL" : failures.joined(separator: "; "))
        }
    }

    private static func get(
        _ url: FetchURL, _ fetcher: any DocumentFetcher, _ trust: FetchTrust
    ) async throws -> FetchResponse {
        let answer = try await fetcher.fetch(
            FetchRequest(.get, url, fields: [.accept("application/json")], trust: trust, bounds: bounds))
        guard answer.status == 200 else { throw KeyFetchFailure(description: "\(url) answers \(answer.status)") }
        return answer
    }
}
