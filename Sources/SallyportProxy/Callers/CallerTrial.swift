import SallyportAccess
import SallyportConfig
import SallyportEdge
import SallyportHTTP
import SallyportModel
import SallyportPKI
import SallyportTokens

/// Judges the token and the API key of a request that is tried, as `Exchange` does it, and says every step.
package struct CallerTrial: Sendable {
    private let configuration: Configuration
    /// Names that the one who tries says a certificate has; nothing else is believed of them.
    private let claimed: [String]
    private let keys: TrialKeys
    /// SHA-256 of the client's certificate.
    private let certificate: [UInt8]?
    private let now: Int64
    private let apiKeys: Result<APIKeyTable, PKIError>
    private let bans: Result<BanList, PKIError>

    package init(
        _ configuration: Configuration, claimed: [String], keys: TrialKeys, certificate: [UInt8]?,
        state: StateDirectory, at now: Int64
    ) {
        self.configuration = configuration
        self.claimed = claimed
        self.keys = keys
        self.certificate = certificate
        self.now = now
        apiKeys = Self.apiKeys(state)
        bans = Self.bans(state, at: now)
    }

    private static func apiKeys(_ state: StateDirectory) -> Result<APIKeyTable, PKIError> {
        do throws(PKIError) { return .success(APIKeyTable(try APIKeyFile(state).records())) } catch {
            return .failure(error)
        }
    }

    private static func bans(_ state: StateDirectory, at now: Int64) -> Result<BanList, PKIError> {
        do throws(PKIError) {
            var list = BanList()
            for ban in try BanFile(state).bans() { _ = list.add(ban, at: now) }
            return .success(list)
        } catch {
            return .failure(error)
        }
    }

    package var evidence: TrialEvidence {
        TrialEvidence(identify: { head, policy, caller in identify(head, policy, caller) }, ban: { ban(of: $0, $1) })
    }

    /// Why bans are not known; nil when they are.
    package var banProblem: String? {
        if case .failure(let error) = bans { error.description } else { nil }
    }

    // MARK: bans

    private func ban(of address: [UInt8], _ names: [String]) -> (reason: Reason, words: String)? {
        guard case .success(let list) = bans else { return nil }
        if let network = AddressNetwork(address), let ban = list.ban(of: network, at: now) {
            return (.addressBanned, words(ban))
        }
        return names.lazy.compactMap { list.ban(ofIdentity: $0, at: now) }.first.map { (.identityBanned, words($0)) }
    }

    private func words(_ ban: Ban) -> String {
        let end = ban.until.map { "until \(CertificateTime.text($0))" } ?? "until it is lifted"
        return "\(ban.subject.text) is banned \(end) (\(ban.source.rawValue)): \(ban.because)"
    }

    // MARK: credentials

    private func identify(_ head: RequestHead, _ policy: CompiledPolicy, _ caller: Caller) -> TrialEvidence.Finding {
        var finding = TrialEvidence.Finding(caller: caller)
        let presented: PresentedCredentials
        do throws(PresentedCredentials.Ambiguous) {
            presented = try PresentedCredentials(head, isKey: APIKey.isMeant)
        } catch {
            finding.refuse(.credentialsAmbiguous, "several Authorization or X-API-Key fields: none is believed")
            return finding
        }
        if let token = presented.token {
            for one in policy.tokens where finding.refusal == nil { check(token, one, &finding) }
        } else if !policy.tokens.isEmpty {
            finding.steps.append("no token is given (--token FILE)")
        }
        if policy.needsAPIKey, finding.refusal == nil { check(presented.key, &finding) }
        if finding.refusal != nil { return finding }
        finding.caller.names += CallerNames.names(configuration.identities, for: finding.caller) { rule, _ in
            claimed.contains(rule.name)
        }
        let names = finding.caller.names
        finding.steps.append("the caller is \(names.isEmpty ? "nobody by name" : names.joined(separator: ", "))")
        return finding
    }

    private func check(_ token: [UInt8], _ policy: TokenPolicy, _ finding: inout TrialEvidence.Finding) {
        if let introspection = policy.introspection {
            return finding.refuse(
                .introspectionUnavailable,
                "token: \(introspection.url) would be asked about it, and is not; what it proves cannot be said here")
        }
        let steps = keys.trial(of: policy, certificate: certificate, at: now).steps(of: token)
        finding.steps += steps.map { "token: \($0.name): \($0.words)" + ($0.fault == nil ? "" : "  ✘") }
        if certificate == nil, steps.last?.fault == .boundElsewhere {
            finding.steps.append("token: give the client's certificate with --certificate FILE")
        }
        switch keys.facts(of: token, policy, certificate: certificate, at: now) {
        case .success(let facts): finding.caller.token = facts
        case .failure(let fault): finding.refusal = fault.reason
        }
    }

    private func check(_ bytes: [UInt8]?, _ finding: inout TrialEvidence.Finding) {
        guard let bytes else { return finding.steps.append("no API key is given (--key FILE)") }
        guard case .success(let table) = apiKeys else {
            return finding.refuse(.apiKeysUnavailable, "API key: the keys of the state directory cannot be used")
        }
        guard let key = APIKey(bytes) else {
            return finding.refuse(.apiKeyUnknown, "API key: none that a gateway of this kind has made, or not whole")
        }
        guard let record = table.record(of: key) else {
            return finding.refuse(.apiKeyUnknown, "API key: well-formed, and none of the \(table.count) keys there are")
        }
        if record.hasExpired(at: now), let end = record.expiresAt {
            return finding.refuse(.apiKeyExpired, "API key: \(record.name) expired at \(CertificateTime.text(end))")
        }
        let names = finding.caller.names + configuration.groups.names(for: finding.caller.names)
        if let bound = record.identity, !names.contains(bound) {
            return finding.refuse(.apiKeyBoundElsewhere, "API key: \(record.name) is for \(bound) only")
        }
        finding.steps.append("API key: it is \(record.name)")
        finding.caller.key = KeyFacts(name: record.name, identity: record.identity)
    }
}

extension TrialEvidence.Finding {
    fileprivate mutating func refuse(_ reason: Reason, _ step: String) {
        steps.append(step)
        refusal = reason
    }
}
