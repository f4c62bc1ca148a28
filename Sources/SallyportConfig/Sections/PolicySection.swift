import SallyportModel
import SallyportPolicy

struct PolicyDraft: Sendable {
    var limits: Limits?
    var limitKeys: [Located<String>] = []
    var responseBody: Int?
    var addresses: Located<AddressPolicy>?
    var methods: [String]?
    var maintenance: Located<Maintenance>?
    var headers: HeadersDraft?
    var cors: Located<CrossOriginDraft>?
    var isSecure = false
    var consult: Located<ConsultDraft>?
    var when: Located<Condition>?
    var deny: Located<Condition>?
    var jwt: TokenPolicy?
    var introspection: TokenPolicy?
    var needsAPIKey = false
    var rateLimits: [Located<RateLimitDraft>] = []
}

/// One entry of `policies`.
enum PolicySection {
    static let limits = Field("limits", LimitsSection.type, "Bounds on what a client may send.")
    static let addresses = Field(
        "addresses", AddressPolicySection.type, otherwise: "from everywhere", "From where clients may come.")
    static let methods = Field(
        "methods", .list(of: .method(), count: 1...64), otherwise: "every method",
        "The methods that are let through; others are answered 405.")
    static let maintenance = Field(
        "maintenance", MaintenanceSection.type, otherwise: "requests are served",
        "Answers every request with 503 instead of passing it on.")
    static let headers = Field(
        "headers", HeadersSection.type, otherwise: "nothing is changed",
        "Changes fields of the request for the upstream, and of the response for the client.")
    static let cors = Field(
        "cors", CrossOriginSection.type, otherwise: "the upstream's own answers pass as they are",
        "Which pages of other origins may read responses; the gateway answers preflight requests itself.")
    static let when = Field(
        "when", .condition(), otherwise: "under all circumstances",
        "A condition that has to hold for a request; otherwise it is answered 403.")
    static let deny = Field(
        "deny", .condition(), otherwise: "under no circumstances",
        "A condition that must not hold for a request; if it holds, or is undecided, the answer is 403.")
    static let jwt = Field(
        "jwt", TokenSection.type, otherwise: "no token is asked for",
        "Takes only requests with a token of this issuer; others are answered 401.")
    static let introspection = Field(
        "introspection", IntrospectionSection.type, otherwise: "no token is asked for",
        "Takes only requests with a token that an authorization server calls active; others are answered 401.")
    static let apiKeys = Field(
        "apiKeys", .isTrue(), otherwise: "no API key is asked for",
        "Takes only requests with an API key that `sallyport key create` made; others are answered 401.")
    static let rateLimit = Field(
        "rateLimit", .single(orListOf: RateLimitSection.type, count: 1...16), otherwise: "no limit",
        """
        How much each caller may do; a request has to keep within every limit of its policies, and is counted by all or none.
        """)

    static let securityHeaders = Field(
        "securityHeaders", .isTrue(), otherwise: "only what the upstream says",
        """
        Tells browsers, where the upstream doesn't: strict-transport-security for two years, x-content-type-options \
        nosniff, x-frame-options SAMEORIGIN, referrer-policy and cross-origin-opener-policy.
        """,
        danger: "Browsers remember strict-transport-security: the host can't go back to plain HTTP.")
    static let consult = Field(
        "consult", ConsultSection.type, otherwise: "nobody",
        "A service that is asked about each request that the gateway itself would let through.")

    static let type = ValueType.record(
        "a policy",
        [
            limits.row, addresses.row, methods.row, maintenance.row, jwt.row, introspection.row, apiKeys.row,
            when.row, deny.row, headers.row, securityHeaders.row, cors.row, consult.row, rateLimit.row,
        ], rules: [.atLeastOne, .atMostOne(["jwt", "introspection"])]
    ) { record in
        var draft = PolicyDraft()
        draft.limits = record[limits]?.value.limits
        draft.responseBody = record[limits]?.value.response
        draft.limitKeys = record[limits]?.value.keys ?? []
        draft.addresses = record[addresses]
        draft.methods = record[methods]?.value.map(\.value)
        draft.maintenance = record[maintenance]
        draft.headers = record[headers]?.value
        draft.isSecure = record[securityHeaders]?.value ?? false
        draft.cors = record[cors]
        draft.consult = record[consult]
        draft.when = record[when]
        draft.deny = record[deny]
        draft.jwt = record[jwt]?.value
        draft.introspection = record[introspection]?.value
        draft.needsAPIKey = record[apiKeys] != nil
        draft.rateLimits = record[rateLimit]?.value ?? []
        return draft
    }
}

struct LimitsDraft: Sendable {
    var limits: Limits
    var response: Int?
    /// The keys that stand in the file.
    var keys: [Located<String>]
}

enum LimitsSection {
    private static let defaults = Limits()
    static let body = DefaultedField(
        "body", .size(0...(1 << 40)), default: defaults.body, "The longest request body; a longer one is answered 413.")
    static let headers = DefaultedField(
        "headers", .size(1024...(1 << 20)), default: defaults.headers,
        "All header fields of a message together; more is answered 431. In `baseline` only.",
        danger: "Every connection may hold this much memory.")
    static let headerCount = DefaultedField(
        "headerCount", .integer(8...1000), default: defaults.headerCount,
        "How many header fields a message may have; more is answered 431. In `baseline` only.")

    static let response = Field(
        "response", .size(0...(1 << 40)), otherwise: "what the upstream sends",
        "The longest content of a response; one that says it is longer is answered 502, another is cut.")

    static let type = ValueType.record("`limits`", [body.row, headers.row, headerCount.row, response.row]) { record in
        LimitsDraft(
            limits: Limits(body: record[body], headers: record[headers], headerCount: record[headerCount]),
            response: record[response]?.value,
            keys: record.entries.map { Located(value: $0.key, span: $0.keySpan, path: record.path.key($0.key)) })
    }
}

enum AddressPolicySection {
    static let allow = Field(
        "allow", .list(of: .network(), count: 1...10_000), otherwise: "from everywhere",
        "Networks that clients may come from; all others are answered 403.")
    static let deny = Field(
        "deny", .list(of: .network(), count: 1...10_000), otherwise: "none",
        "Networks that nobody may come from, even if `allow` has them.")

    static let type = ValueType.record("`addresses`", [allow.row, deny.row], rules: [.atLeastOne]) { record in
        AddressPolicy(
            allow: record[allow]?.value.map(\.value), deny: record[deny]?.value.map(\.value) ?? [])
    }
}

enum MaintenanceSection {
    static let retryAfter = DefaultedField(
        "retryAfter", .duration(.seconds(1)...(.seconds(86_400))), default: .seconds(60),
        "What Retry-After tells clients.")
    static let except = Field(
        "except", .list(of: .network(), count: 1...1000), otherwise: "nobody",
        "Networks that are served nevertheless, to try what was mended.")

    static let type = ValueType.record("`maintenance`", [retryAfter.row, except.row]) { record in
        Maintenance(retryAfter: record[retryAfter], except: record[except]?.value.map(\.value) ?? [])
    }
}

extension ConfigurationCheck {
    /// What holds before a route is known.
    var baselineLimits: Limits {
        draft.policies?.first { $0.name == Policy.baseline }?.value?.limits ?? Limits()
    }

    /// `baseline` first, whether the file has it or not; then the others as they stand in the file.
    mutating func checkedPolicies() -> [Policy] {
        var policies = [Policy(name: Policy.baseline)]
        for entry in draft.policies ?? [] {
            guard let draft = entry.value else { continue }
            let policy = policy(draft, entry)
            if entry.name == Policy.baseline { policies[0] = policy } else { policies.append(policy) }
            refuseMixedKeys(policy, among: policies, entry)
        }
        return policies
    }

    private mutating func policy(_ draft: PolicyDraft, _ entry: Named<PolicyDraft>) -> Policy {
        var policy = Policy(name: entry.name)
        if entry.name != Policy.baseline {
            policy.body = draft.limits?.body
            let late = [LimitsSection.headers.row.name, LimitsSection.headerCount.row.name]
            for key in draft.limitKeys where late.contains(key.value) {
                session.report(
                    .misplacedKey, "`\(key.value)` holds before a route is known", at: key.span,
                    label: "only in `baseline`", help: ["move it to policies.baseline.limits"], path: key.path)
            }
        }
        policy.addresses = draft.addresses?.value
        policy.methods = draft.methods
        policy.maintenance = draft.maintenance?.value
        policy.request = draft.headers.map { changes($0.request, isRequest: true) } ?? FieldChanges()
        policy.response = draft.headers.map { changes($0.response, isRequest: false) } ?? FieldChanges()
        if draft.isSecure { policy.response.missing += FieldChanges.secure }
        policy.responseBody = draft.responseBody
        policy.consult = draft.consult.map { consult($0) }
        policy.cors = draft.cors.flatMap { crossOrigin($0) }
        policy.when = draft.when.map { requirement($0) }
        policy.deny = draft.deny.map { denial($0) }
        policy.jwt = draft.jwt
        policy.introspection = draft.introspection
        policy.needsAPIKey = draft.needsAPIKey
        policy.rateLimits = rateLimits(draft.rateLimits, of: entry.name)
        return policy
    }

    /// One issuer signs either with a secret or with private keys. If both were taken, a public key, which everybody can
    /// have, might be tried as the secret one day (RFC 8725 section 2.1).
    private func refuseMixedKeys(_ policy: Policy, among policies: [Policy], _ entry: Named<PolicyDraft>) {
        for authority in (policy.jwt?.trust ?? []) + (policy.introspection?.trust ?? []) {
            _ = self.authority(Located(value: authority, span: entry.span, path: entry.path))
        }
        guard let token = policy.jwt else { return }
        let other = policies.first { $0.jwt.map { $0.issuer == token.issuer && $0.isShared != token.isShared } ?? false }
        guard let other else { return }
        session.report(
            .conflictingKeys,
            "`\(other.name)` and `\(policy.name)` check tokens of \(token.issuer) in two ways, by secret and by public key",
            at: entry.span, label: "one issuer signs in one way",
            help: ["remove `sharedSecret` from one, or give it to both"], path: entry.path)
    }

    private func requirement(_ when: Located<Condition>) -> Condition {
        warnOfConstants(when, isDenial: false)
        return when.value
    }

    /// What a request may lack leaves the condition undecided, and so refuses the request.
    private func denial(_ deny: Located<Condition>) -> Condition {
        warnOfConstants(deny, isDenial: true)
        for (fact, range) in deny.value.unguarded {
            session.warn(
                .conditionUnguarded, "requests without \(fact.text) are refused",
                at: session.part(range, of: deny.value.text, at: deny.span), label: "may be missing",
                help: ["write has(\(fact.text)) and … if they are to go on"], path: deny.path)
        }
        return deny.value
    }

    /// The policies that a route names.
    func policyNames(_ names: [Located<String>]) -> [String] {
        for name in names {
            if name.value == Policy.baseline {
                session.warn(
                    .withoutEffect, "every route is under `baseline`", at: name.span, help: ["remove it"],
                    path: name.path)
                continue
            }
            reference(name, to: "a policy", known: draft.policies?.map(\.name), section: "policies")
        }
        return names.map(\.value).filter { $0 != Policy.baseline }
    }
}
