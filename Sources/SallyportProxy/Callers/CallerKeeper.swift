import Logging
import SallyportConfig
import SallyportModel
import SallyportPKI
import SallyportTokens
import Synchronization

/// Keeps what callers are checked with, for as long as the gateway runs and across generations: the keys of issuers,
/// tokens that were good, and API keys.
final class CallerKeeper: Sendable {
    private struct SourceState {
        /// What was begun under other materials ends in nothing.
        let epoch: UInt64
        var rotation = KeyRotation()
        var keys: VerificationKeys?
        var verified = VerifiedTokens()
        /// Why keys did not come the last time.
        var fault: String?
        var isFetching = false
        var waiting: [@Sendable () -> Void] = []
    }

    private struct State {
        var sources: [TokenSource: SourceState] = [:]
        /// Nil until the file could be used: nobody knows which keys are good.
        var apiKeys: APIKeyTable?
        /// Why the file could not be used the last time.
        var apiKeyFault: String?
        var mark: FileMark?
        var fetcher: (any DocumentFetcher)?
        var revision: UInt64 = 0
        var materials = TokenMaterials()
    }

    private let state = Mutex(State())
    private let desk: IntrospectionDesk
    private let file: APIKeyFile
    private let logger: Logger

    init(_ directory: StateDirectory, logger: Logger) {
        file = APIKeyFile(directory)
        self.logger = logger
        desk = IntrospectionDesk(logger: logger)
    }

    /// Looks every second what is due, until it is cancelled.
    func run(_ fetcher: any DocumentFetcher) async {
        state.withLock { $0.fetcher = fetcher }
        desk.begin(fetcher)
        while !Task.isCancelled {
            readAPIKeys()
            let now = UnixTime.seconds()
            let due = state.withLock { state in state.sources.filter { $0.value.rotation.isDue(at: now) }.map(\.key) }
            for source in due { fetch(source) }
            do { try await Task.sleep(for: .seconds(1)) } catch { return }
        }
    }

    /// Puts the policies of a generation into service. What is known of sources that stay, stays.
    func adopt(_ policies: [Policy], _ materials: TokenMaterials) {
        desk.adopt(policies.compactMap(\.introspection), materials)
        let wanted = Set(policies.compactMap(\.jwt).map(TokenSource.init))
        let (isFirst, stranded) = state.withLock { state in
            state.revision += 1
            let (known, epoch) = (state.sources, state.revision)
            state.sources = Dictionary(
                uniqueKeysWithValues: wanted.map { source in
                    let stays = materials.gives(source, what: state.materials) ? known[source] : nil
                    return (source, stays ?? SourceState(epoch: epoch))
                })
            state.materials = materials
            let gone = known.filter { state.sources[$0.key]?.epoch != $0.value.epoch }
            return (state.fetcher == nil, gone.flatMap(\.value.waiting))
        }
        for then in stranded { then() }
        if isFirst { readAPIKeys() }
    }

    // MARK: tokens

    enum TokenCheck {
        case good(TokenFacts)
        case refused(TokenFault)
        /// Something was asked for that decides; the fault holds if it does not come.
        case waits(TokenFault)
    }

    /// - Parameters:
    ///   - certificate: SHA-256 of the client's certificate.
    ///   - address: the client's, by which questions to authorization servers are counted.
    ///   - now: seconds since 1970.
    ///   - whenKnown: called, on any thread, after `waits`; nil when nothing is waited for any more.
    func check(
        _ token: [UInt8], _ policy: TokenPolicy, certificate: [UInt8]?, from address: [UInt8], at now: Int64,
        whenKnown: (@Sendable () -> Void)?
    ) -> TokenCheck {
        if policy.introspection != nil {
            return desk.check(
                token, policy, certificate: certificate, from: address, at: now, whenKnown: whenKnown)
        }
        let outcome = check(token, policy, certificate, at: now)
        guard case .refused(let fault) = outcome, let whenKnown,
            fetchesKeys(for: policy, because: fault, at: now, then: whenKnown)
        else { return outcome }
        return .waits(fault)
    }

    private func check(
        _ token: [UInt8], _ policy: TokenPolicy, _ certificate: [UInt8]?, at now: Int64
    ) -> TokenCheck {
        let known = state.withLock { state in
            state.sources[TokenSource(policy)].map { ($0.rotation.isUsable(at: now) ? $0.keys : nil, $0.verified) }
        }
        guard let known, let keys = known.0 else { return .refused(.keysUnavailable) }
        let verified = known.1
        let verifier = TokenVerifier(TokenRules(policy))
        let digest = TokenDigest(of: token)
        do throws(TokenFault) {
            if let claims = verified.claims(of: digest, revision: keys.revision) {
                return .good(try verifier.recheck(claims, certificate: certificate, at: now))
            }
            let claims = try verifier.verify(try SignedToken(token), keys: keys, certificate: certificate, at: now)
            verified.remember(claims, of: digest, revision: keys.revision)
            return .good(claims.facts)
        } catch {
            return .refused(error)
        }
    }

    /// Whether fetching keys may help with a fault, and is under way; `then` is called, on any thread, when it ended.
    private func fetchesKeys(
        for policy: TokenPolicy, because fault: TokenFault, at now: Int64, then: @escaping @Sendable () -> Void
    ) -> Bool {
        let source = TokenSource(policy)
        let (isComing, begins) = state.withLock { state -> (Bool, Bool) in
            guard var known = state.sources[source], state.fetcher != nil else { return (false, false) }
            var begins = false
            if !known.isFetching {
                switch fault {
                case .unknownKey: begins = known.rotation.sawUnknownKey(at: now)
                case .keysUnavailable: begins = known.rotation.isDue(at: now)
                default: break
                }
            }
            let isComing = (known.isFetching || begins) && known.waiting.count < Bounds.waitingForKeys
            if isComing { known.waiting.append(then) }
            state.sources[source] = known
            return (isComing, begins)
        }
        if begins { fetch(source) }
        return isComing
    }

    private func fetch(_ source: TokenSource) {
        let begun = state.withLock { state -> Fetch? in
            guard let known = state.sources[source], !known.isFetching, let fetcher = state.fetcher else { return nil }
            state.sources[source]?.isFetching = true
            state.revision += 1
            return Fetch(
                fetcher: fetcher, materials: state.materials, revision: state.revision, epoch: known.epoch)
        }
        guard let begun else { return }
        Task { await fetch(source, begun) }
    }

    private struct Fetch: Sendable {
        let fetcher: any DocumentFetcher
        let materials: TokenMaterials
        let revision: UInt64
        let epoch: UInt64
    }

    private func fetch(_ source: TokenSource, _ begun: Fetch) async {
        do {
            let (keys, age) = try await source.load(begun.fetcher, begun.materials, revision: begun.revision)
            end(source, begun.epoch) { known in
                // The same keys again: what was checked with them stays checked.
                if known.keys?.fingerprint != keys.fingerprint { known.keys = keys }
                known.rotation.fetched(maximumAge: age, at: UnixTime.seconds())
                known.fault = nil
            }
            logger.info(
                "keys of an issuer in use",
                metadata: ["issuer": "\(source.issuer)", "keys": "\(keys.count)", "skipped": "\(keys.skipped)"])
        } catch {
            let words = PrintableText.make("\(error)", limit: 300)
            end(source, begun.epoch) { known in
                known.rotation.failed(at: UnixTime.seconds())
                known.fault = words
            }
            logger.warning(
                "keys of an issuer not fetched",
                metadata: [
                    "code": "\(Reason.tokenKeysUnavailable.name)", "issuer": "\(source.issuer)", "error": "\(error)",
                ])
        }
    }

    private func end(_ source: TokenSource, _ epoch: UInt64, _ change: (inout SourceState) -> Void) {
        let waiting = state.withLock { state -> [@Sendable () -> Void] in
            guard var known = state.sources[source], known.epoch == epoch else { return [] }
            change(&known)
            known.isFetching = false
            defer { state.sources[source] = known }
            defer { known.waiting = [] }
            return known.waiting
        }
        for then in waiting { then() }
    }

    func status() -> GatewayStatus.Callers {
        state.withLock { state in
            GatewayStatus.Callers(
                issuers: state.sources.map { source, known in
                    .init(issuer: source.issuer, keys: known.keys?.count ?? 0, problem: known.fault)
                }.sorted { $0.issuer < $1.issuer },
                apiKeys: .init(count: state.apiKeys?.count, problem: state.apiKeyFault))
        }
    }

    // MARK: words

    /// What exactly is wrong with a token that was refused. It is looked at once more: this is for people, and costs
    /// more than the check.
    func words(
        for fault: TokenFault, _ token: [UInt8], _ policy: TokenPolicy, certificate: [UInt8]?, at now: Int64
    ) -> String {
        if policy.introspection != nil {
            return desk.words(for: fault, token, policy, certificate: certificate, at: now)
        }
        let known = state.withLock { $0.sources[TokenSource(policy)] }
        if fault == .keysUnavailable { return "there are no keys: \(known?.fault ?? "none has come yet")" }
        let trial = TokenTrial(TokenRules(policy), keys: known?.keys, certificate: certificate, at: now)
        // Between the check and this the clock went on, and the keys may be others.
        guard let last = trial.steps(of: token).last, last.fault == fault else { return "\(fault.reason.explanation)" }
        return last.words
    }

    // MARK: API keys

    /// The keys as their file has them now, or as they are in use where it cannot be used.
    func currentAPIKeys() -> [APIKeyRecord] {
        readAPIKeys()
        return state.withLock { $0.apiKeys }?.all ?? []
    }

    /// Nil: there is none, or no key is known at all.
    func record(of key: APIKey) -> APIKeyRecord? { state.withLock { $0.apiKeys }?.record(of: key) }

    /// Whether it is known which keys are good.
    var hasAPIKeys: Bool { state.withLock { $0.apiKeys != nil } }

    var apiKeyFault: String? { state.withLock { $0.apiKeyFault } }

    /// Whether a key that was good is so no more.
    func lapse(of record: APIKeyRecord, at now: Int64) -> Reason? {
        if record.hasExpired(at: now) { return .apiKeyExpired }
        return state.withLock { $0.apiKeys }?.stillHas(record) == true ? nil : .apiKeyUnknown
    }

    /// Reads the file if it looks different. One that cannot be used leaves the keys as they were.
    private func readAPIKeys() {
        let mark = FileMark(path: file.path)
        guard state.withLock({ $0.mark }) != mark else { return }
        do throws(PKIError) {
            let table = APIKeyTable(try file.records())
            state.withLock { state in
                state.apiKeys = table
                state.apiKeyFault = nil
                state.mark = mark
            }
            logger.info("API keys read", metadata: ["keys": "\(table.count)"])
        } catch {
            let hasKeys = state.withLock { state in
                state.mark = mark
                state.apiKeyFault = "\(error.subject): \(error.detail)"
                return state.apiKeys != nil
            }
            logger.error(
                "API keys not read",
                metadata: [
                    "code": "\(Reason.apiKeysUnusable.name)", "error": "\(error)",
                    "consequence": hasKeys
                        ? "the keys that were read before stay good, and changes are not seen"
                        : "whoever comes with an API key is answered 503",
                ])
        }
    }
}

extension TokenRules {
    init(_ policy: TokenPolicy) {
        self.init(
            issuer: policy.issuer, audiences: Set(policy.audiences), algorithms: Set(policy.algorithms),
            skew: policy.skew.components.seconds, mustBeBound: policy.boundToCertificate)
    }
}
