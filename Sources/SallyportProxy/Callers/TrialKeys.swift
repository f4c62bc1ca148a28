import NIOPosix
import SallyportConfig
import SallyportModel
import SallyportPKI
import SallyportTokens

/// The keys that tokens of a trial are checked with: fetched as a gateway fetches them, or out of a file.
package struct TrialKeys: Sendable {
    private struct Known {
        var keys: VerificationKeys?
        var problem = ""
    }

    private var known: [TokenSource: Known] = [:]
    /// Where each issuer's keys are from, a line each.
    package private(set) var notes: [String] = []

    package init() {}

    /// Asks the issuers of these policies, all within the time that a gateway gives them.
    /// - Parameter materials: reads what the configuration names, as the gateway reads it.
    package static func fetched(for policies: [TokenPolicy], _ materials: TrialMaterials) async -> TrialKeys {
        var trial = TrialKeys()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let fetcher = HTTPFetcher(group: group)
        for source in Set(policies.filter { $0.introspection == nil }.map(TokenSource.init)) {
            do {
                let keys = try await source.load(fetcher, try materials.read(for: source), revision: 1).keys
                trial.add(keys, for: source, from: source.secret?.text ?? source.issuer)
            } catch {
                trial.add(problem: "\(error)", for: source)
            }
        }
        do { try await group.shutdownGracefully() } catch { trial.notes.append("the network does not end: \(error)") }
        return trial
    }

    /// - Parameter document: the text of a JWK set, for every issuer.
    package static func given(_ document: [UInt8], from path: String, for policies: [TokenPolicy]) async -> TrialKeys {
        var trial = TrialKeys()
        for source in Set(policies.filter { $0.introspection == nil }.map(TokenSource.init)) {
            await trial.add(document, for: source, from: path)
        }
        return trial
    }

    private mutating func add(_ document: [UInt8], for source: TokenSource, from place: String) async {
        do {
            add(
                try await VerificationKeys(jwks: document, allowed: source.algorithms, revision: 1), for: source,
                from: place)
        } catch {
            add(problem: "\(place): \(error)", for: source)
        }
    }

    private mutating func add(_ keys: VerificationKeys, for source: TokenSource, from place: String) {
        known[source] = Known(keys: keys)
        let count = "\(keys.count) \(keys.count == 1 ? "key" : "keys")"
        notes.append("keys of \(source.issuer): \(count) from \(place)")
    }

    private mutating func add(problem: String, for source: TokenSource) {
        let words = PrintableText.make(problem, limit: 300)
        known[source] = Known(problem: words)
        notes.append("keys of \(source.issuer): none, \(words)")
    }

    func trial(of policy: TokenPolicy, certificate: [UInt8]?, at now: Int64) -> TokenTrial {
        let found = known[TokenSource(policy)]
        return TokenTrial(
            TokenRules(policy), keys: found?.keys, whyNoKeys: found?.problem ?? "they were not fetched",
            certificate: certificate, at: now)
    }

    /// What the gateway itself would say about the token.
    func facts(
        of token: [UInt8], _ policy: TokenPolicy, certificate: [UInt8]?, at now: Int64
    ) -> Result<TokenFacts, TokenFault> {
        guard let keys = known[TokenSource(policy)]?.keys else { return .failure(.keysUnavailable) }
        do throws(TokenFault) {
            return .success(
                try TokenVerifier(TokenRules(policy)).verify(
                    try SignedToken(token), keys: keys, certificate: certificate, at: now
                ).facts)
        } catch {
            return .failure(error)
        }
    }
}
