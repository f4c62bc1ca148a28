import Logging
import SallyportConfig
import SallyportModel
import SallyportPKI
import SallyportTokens
import Synchronization

/// Asks authorization servers about tokens (RFC 7662), each token once at a time, and remembers the answers.
final class IntrospectionDesk: Sendable {
    /// Answers of one server about tokens of one issuer.
    private struct Server: Hashable {
        let introspection: Introspection
        let issuer: String
        /// Names of authorities: what one server said is not believed of another that only has its address.
        let trust: [String]
    }

    private struct Answers {
        var cache = IntrospectionCache()
        var waiting: [TokenDigest: [@Sendable () -> Void]] = [:]
    }

    private struct State {
        var servers: [Server: Answers] = [:]
        var materials = TokenMaterials()
        var fetcher: (any DocumentFetcher)?
    }

    /// A redirect would carry token and secret elsewhere.
    private static let bounds = FetchBounds(
        total: .seconds(4), connect: .seconds(2), content: IntrospectionAnswer.maximumBytes, redirects: 0)
    private let state = Mutex(State())
    private let pace = QuestionPace()
    private let logger: Logger

    init(logger: Logger) { self.logger = logger }

    func begin(_ fetcher: any DocumentFetcher) { state.withLock { $0.fetcher = fetcher } }

    /// Answers of servers that stay are kept.
    func adopt(_ policies: [TokenPolicy], _ materials: TokenMaterials) {
        let wanted = Set(policies.compactMap(Self.server))
        state.withLock { state in
            state.materials = materials
            state.servers = Dictionary(uniqueKeysWithValues: wanted.map { ($0, state.servers[$0] ?? Answers()) })
        }
    }

    private static func server(_ policy: TokenPolicy) -> Server? {
        policy.introspection.map { Server(introspection: $0, issuer: policy.issuer, trust: policy.trust) }
    }

    /// - Parameter whenKnown: called, on any thread, when an answer came or failed to come; nil: nobody waits any more.
    func check(
        _ token: [UInt8], _ policy: TokenPolicy, certificate: [UInt8]?, from address: [UInt8], at now: Int64,
        whenKnown: (@Sendable () -> Void)?
    ) -> CallerKeeper.TokenCheck {
        guard let server = Self.server(policy) else { return .refused(.unavailable) }
        guard token.count <= SignedToken.maximumBytes else { return .refused(.tooLarge) }
        guard IntrospectionRequest.isBearer(token) else { return .refused(.malformed) }
        let digest = TokenDigest(of: token)
        switch decide(digest, server, address, at: now, whenKnown) {
        case .active(let claims): return Self.recheck(claims, policy, certificate, at: now)
        case .inactive: return .refused(.inactive)
        case .busy where whenKnown == nil: return .refused(.unavailable)
        case .busy: return .refused(.busy)
        case .wait: return .waits(.unavailable)
        case .ask:
            ask(token, digest, server, policy)
            return .waits(.unavailable)
        }
    }

    /// What exactly is wrong with a token that was refused. Nothing of the token itself is in it: who can read it knows
    /// what it is.
    func words(
        for fault: TokenFault, _ token: [UInt8], _ policy: TokenPolicy, certificate: [UInt8]?, at now: Int64
    ) -> String {
        let server = policy.introspection?.url ?? ""
        switch fault {
        case .inactive: return "\(server) says that it is not active"
        case .unavailable: return "\(server) gives no answer about it that can be used; see the line before"
        case .busy: return "too many tokens are being asked about at \(server)"
        case .malformed: return "it has bytes that no bearer token has (RFC 6750 section 2.1)"
        case .tooLarge: return "it has \(token.count) bytes, \(SignedToken.maximumBytes) are the most"
        default: break
        }
        let known = Self.server(policy).flatMap { server in
            state.withLock { $0.servers[server]?.cache.known(TokenDigest(of: token), at: now) }
        }
        let trial = TokenTrial(TokenRules(policy), keys: nil, certificate: certificate, at: now)
        guard case .active(let claims)? = known, let last = trial.steps(of: claims).last, last.fault == fault else {
            return "\(fault.reason.explanation)"
        }
        return "\(server) says that \(last.words)"
    }

    private static func recheck(
        _ claims: TokenClaims, _ policy: TokenPolicy, _ certificate: [UInt8]?, at now: Int64
    ) -> CallerKeeper.TokenCheck {
        do throws(TokenFault) {
            return .good(try TokenVerifier(TokenRules(policy)).recheck(claims, certificate: certificate, at: now))
        } catch {
            return .refused(error)
        }
    }

    private func decide(
        _ digest: TokenDigest, _ server: Server, _ address: [UInt8], at now: Int64,
        _ whenKnown: (@Sendable () -> Void)?
    ) -> IntrospectionCache.Decision {
        state.withLock { state in
            // Taken out and put back: a second reference would have the whole memory copied.
            guard var answers = state.servers.removeValue(forKey: server) else { return .busy }
            defer { state.servers[server] = answers }
            guard let whenKnown else {
                switch answers.cache.known(digest, at: now) {
                case .active(let claims)?: return .active(claims)
                case .inactive?: return .inactive
                case nil: return .busy
                }
            }
            guard answers.waiting[digest, default: []].count < Bounds.waitingForKeys else { return .busy }
            let decision = answers.cache.decide(digest, at: now) { pace.admits(address, at: .now) }
            if decision == .ask || decision == .wait { answers.waiting[digest, default: []].append(whenKnown) }
            return decision
        }
    }

    private func ask(_ token: [UInt8], _ digest: TokenDigest, _ server: Server, _ policy: TokenPolicy) {
        let (fetcher, materials) = state.withLock { ($0.fetcher, $0.materials) }
        Task {
            do {
                let answer = try await Self.answer(token, server, policy, materials, fetcher)
                end(digest, server) { $0.answered(answer, about: digest, at: UnixTime.seconds()) }
            } catch {
                end(digest, server) { $0.failed(digest) }
                logger.warning(
                    "no answer about a token",
                    metadata: [
                        "code": "\(Reason.introspectionUnavailable.name)", "server": "\(server.introspection.url)",
                        "error": "\(error)",
                    ])
            }
        }
    }

    private static func answer(
        _ token: [UInt8], _ server: Server, _ policy: TokenPolicy, _ materials: TokenMaterials,
        _ fetcher: (any DocumentFetcher)?
    ) async throws -> IntrospectionAnswer {
        guard let fetcher, let secret = materials.secrets[server.introspection.secret], let url = FetchURL(server.introspection.url),
            let request = IntrospectionRequest.make(
                token: token, url: url, client: server.introspection.client,
                secret: String(decoding: secret, as: UTF8.self), trust: materials.trust(in: policy.trust), bounds: bounds)
        else { throw KeyFetchFailure(description: "the server cannot be asked") }
        let response = try await fetcher.fetch(request)
        guard response.status == 200 else { throw KeyFetchFailure(description: "it answers \(response.status)") }
        return try IntrospectionAnswer(response.body, rules: TokenRules(policy), at: UnixTime.seconds())
    }

    private func end(_ digest: TokenDigest, _ server: Server, _ change: (inout IntrospectionCache) -> Void) {
        let waiting = state.withLock { state -> [@Sendable () -> Void] in
            guard var answers = state.servers.removeValue(forKey: server) else { return [] }
            defer { state.servers[server] = answers }
            change(&answers.cache)
            return answers.waiting.removeValue(forKey: digest) ?? []
        }
        for then in waiting { then() }
    }
}
