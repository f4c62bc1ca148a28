// `policies`, as they would stand in a file.
extension EffectiveConfiguration {
    static func policies(_ configuration: Configuration) -> JSONValue {
        .object(
            configuration.policies.map { policy in
                let isBaseline = policy.name == Policy.baseline
                let limits = limits(configuration.limits, response: policy.responseBody)
                return .init(policy.name, Self.policy(policy, limits: isBaseline ? limits : nil))
            })
    }

    static func policy(_ policy: Policy, limits: JSONValue?) -> JSONValue {
        .members([
            "limits": limits ?? bounds(policy),
            "addresses": policy.addresses.map(addresses),
            "methods": policy.methods.map { .strings($0) },
            "maintenance": policy.maintenance.map(maintenance),
            "jwt": policy.jwt.map(jwt),
            "introspection": policy.introspection.map(introspection),
            "apiKeys": policy.needsAPIKey ? .bool(true) : nil,
            "when": policy.when.map { .string($0.text) },
            "deny": policy.deny.map { .string($0.text) },
            "headers": headers(policy),
            "cors": policy.cors.map(crossOrigin),
            "consult": policy.consult.map(consult),
            "rateLimit": policy.rateLimits.isEmpty
                ? nil : .object(policy.rateLimits.map { .init($0.name, rateLimit($0)) }),
        ])
    }

    private static func bounds(_ policy: Policy) -> JSONValue? {
        guard policy.body != nil || policy.responseBody != nil else { return nil }
        return .members([
            "body": policy.body.map { .string(SizeText.text($0)) },
            "response": policy.responseBody.map { .string(SizeText.text($0)) },
        ])
    }

    private static func consult(_ consult: ExternalAuthorization) -> JSONValue {
        .members([
            "upstream": .string(consult.upstream), "path": .string(consult.path),
            "timeout": .string(DurationText.text(consult.timeout)), "send": .strings(consult.send),
            "take": consult.take.isEmpty ? nil : .strings(consult.take),
            "whenUnavailable": .string(consult.whenUnavailable.rawValue),
        ])
    }

    private static func jwt(_ policy: TokenPolicy) -> JSONValue {
        let keys: JSONValue?
        var secret: JSONValue?
        switch policy.keys {
        case .discover: keys = .string("discover")
        case .url(let url): keys = .string(url)
        case .secret(let reference):
            keys = nil
            secret = .members([
                "secret": .string(reference.text), "algorithm": policy.algorithms.first.map { .string($0.rawValue) },
            ])
        }
        return .members([
            "issuer": .string(policy.issuer), "audience": .strings(policy.audiences), "jwks": keys,
            "trust": policy.trust.isEmpty ? nil : .strings(policy.trust), "sharedSecret": secret,
            "algorithms": secret == nil ? .strings(policy.algorithms.map(\.rawValue)) : nil, "skew": .string(DurationText.text(policy.skew)),
            "boundToCertificate": policy.boundToCertificate ? .bool(true) : nil,
            "passOn": policy.passOn ? .bool(true) : nil,
        ])
    }

    private static func introspection(_ policy: TokenPolicy) -> JSONValue {
        .members([
            "url": policy.introspection.map { .string($0.url) },
            "client": policy.introspection.map { .string($0.client) },
            "trust": policy.trust.isEmpty ? nil : .strings(policy.trust),
            "secret": policy.introspection.map { .string($0.secret.text) },
            "issuer": .string(policy.issuer), "audience": .strings(policy.audiences),
            "skew": .string(DurationText.text(policy.skew)),
            "boundToCertificate": policy.boundToCertificate ? .bool(true) : nil,
            "passOn": policy.passOn ? .bool(true) : nil,
        ])
    }

    static func token(_ token: TokenIdentity) -> JSONValue {
        .members([
            "issuer": .string(token.issuer), "audience": token.audience.map(JSONValue.string),
            "claims": token.claims.isEmpty ? nil : fields(token.claims),
        ])
    }

    private static func addresses(_ addresses: AddressPolicy) -> JSONValue {
        .members([
            "allow": addresses.allow.map { .strings($0.map(\.text)) },
            "deny": addresses.deny.isEmpty ? nil : .strings(addresses.deny.map(\.text)),
        ])
    }

    private static func maintenance(_ maintenance: Maintenance) -> JSONValue {
        .members([
            "retryAfter": .string(DurationText.text(maintenance.retryAfter)),
            "except": maintenance.except.isEmpty ? nil : .strings(maintenance.except.map(\.text)),
        ])
    }

    private static func headers(_ policy: Policy) -> JSONValue? {
        guard !policy.request.isEmpty || !policy.response.isEmpty else { return nil }
        return .members(["request": changes(policy.request), "response": changes(policy.response)])
    }

    private static func changes(_ changes: FieldChanges) -> JSONValue? {
        guard !changes.isEmpty else { return nil }
        return .members([
            "remove": changes.remove.isEmpty ? nil : .strings(changes.remove),
            "set": changes.set.isEmpty ? nil : fields(changes.set),
            "add": changes.add.isEmpty ? nil : fields(changes.add),
            "default": changes.missing.isEmpty ? nil : fields(changes.missing),
        ])
    }

    private static func fields(_ fields: [HeaderMatch]) -> JSONValue {
        .object(fields.map { .init($0.name, .string($0.value)) })
    }

    private static func crossOrigin(_ cors: CrossOrigin) -> JSONValue {
        let origins: [String]
        switch cors.origins {
        case .any: origins = ["*"]
        case .listed(let listed): origins = listed
        }
        return .members([
            "origins": .strings(origins),
            "methods": .strings(cors.methods),
            "headers": cors.headers.isEmpty ? nil : .strings(cors.headers),
            "expose": cors.expose.isEmpty ? nil : .strings(cors.expose),
            "credentials": cors.credentials ? .bool(true) : nil,
            "maxAge": .string(DurationText.text(cors.maxAge)),
        ])
    }
}
