import SallyportModel

/// `policies.NAME.jwt`
enum TokenSection {
    static let issuer = Field(
        "issuer", .issuer(), required: true, "Who issued the tokens: `iss`, byte for byte.")
    static let audience = Field(
        "audience", .list(of: .text("an audience"), count: 1...16), required: true,
        "For whom the tokens are: one of these has to be in `aud`.")
    static let jwks = DefaultedField(
        "jwks", .keySet(), default: .discover,
        "Where the keys of the issuer are; `discover` asks the issuer's own document.")
    static let trust = Field(
        "trust", .list(of: .reference(to: "an authority"), count: 1...64),
        otherwise: "the authorities of the operating system",
        "Authorities that the issuer's server has its certificate from; these and no others.")
    static let secret = Field(
        "sharedSecret", SharedSecretSection.type, otherwise: "tokens are checked by public keys",
        "In place of public keys, for issuers that sign with a secret (HS256, HS384, HS512).",
        danger: "Whoever knows the secret can make tokens, this gateway included.")
    static let algorithms = Field(
        "algorithms", .list(of: .signatureAlgorithm(), count: 1...10),
        otherwise: TokenPolicy.defaultAlgorithms.map(\.rawValue).joined(separator: ", "),
        "How tokens may be signed.")
    static let skew = DefaultedField(
        "skew", .duration(.zero...(.seconds(300))), default: .seconds(60),
        "How far the clocks of issuer and gateway may be apart.",
        danger: "A token is good for so much longer than its issuer meant.")
    static let bound = Field(
        "boundToCertificate", .isTrue(), otherwise: "tokens that are bound to no certificate are taken as well",
        "Takes only tokens that are bound to the client's certificate (RFC 8705).")
    static let passOn = Field(
        "passOn", .isTrue(), otherwise: "the upstream does not see the token",
        "Sends the token on to the upstream.",
        danger: "An upstream that is not honest can use the token elsewhere.")

    static let type = ValueType.record(
        "`jwt`",
        [
            issuer.row, audience.row, jwks.row, trust.row, secret.row, algorithms.row, skew.row, bound.row, passOn.row,
        ],
        rules: [
            .atMostOne([jwks.row.name, secret.row.name]), .atMostOne([algorithms.row.name, secret.row.name]),
            .atMostOne([trust.row.name, secret.row.name]),
        ]
    ) { record -> TokenPolicy? in
        guard let issuer = record[issuer]?.value, let audience = record[audience]?.value else { return nil }
        // A secret that is bad must not become keys that are fetched.
        guard record.has(secret.row.name) == (record[secret] != nil) else { return nil }
        let shared = record[secret]?.value
        var policy = TokenPolicy(
            issuer: issuer, audiences: audience.map(\.value), keys: shared.map { .secret($0.reference) } ?? record[jwks],
            algorithms: shared.map { [$0.algorithm] } ?? record[algorithms]?.value.map(\.value)
                ?? TokenPolicy.defaultAlgorithms, skew: record[skew],
            boundToCertificate: record[bound] != nil, passOn: record[passOn] != nil)
        policy.trust = record[trust]?.value.map(\.value) ?? []
        return policy
    }
}

/// `policies.NAME.jwt.sharedSecret`
enum SharedSecretSection {
    struct Draft: Sendable {
        var reference: SecretReference
        var algorithm: TokenAlgorithm
    }

    static let secret = Field(
        "secret", .secret(nil, examples: ["file:token.secret", "env:TOKEN_SECRET"]), required: true,
        "The secret as a reference: at least 32 bytes for HS256, 48 for HS384, 64 for HS512 (RFC 7518).")
    static let algorithm = DefaultedField(
        "algorithm", .macAlgorithm(), default: .hs256, "How tokens are signed; exactly this one is taken.")

    static let type = ValueType.record("`sharedSecret`", [secret.row, algorithm.row]) { record -> Draft? in
        record[secret].map { Draft(reference: $0.value, algorithm: record[algorithm]) }
    }
}

/// `identities.NAME.token`
enum TokenIdentitySection {
    static let issuer = Field(
        "issuer", .issuer(), required: true, "Who issued the token: `iss`, byte for byte.")
    static let audience = Field(
        "audience", .text("an audience"), otherwise: "any that the policy of the route takes",
        "For whom the token is: has to be in `aud`.")
    static let claims = Field(
        "claims", .named(.text("the text of the claim"), noun: "claim"), otherwise: "none is looked at",
        "Claims that the token has, by name: the text, or a list that has it; of `scope`, one of its words.")

    static let type = ValueType.record("`token`", [issuer.row, audience.row, claims.row]) { record -> TokenIdentity? in
        guard let issuer = record[issuer]?.value else { return nil }
        let claims = record[claims]?.value ?? []
        guard !claims.contains(where: { $0.value == nil }) else { return nil }
        return TokenIdentity(
            issuer: issuer, audience: record[audience]?.value,
            claims: claims.compactMap { claim in claim.value.map { HeaderMatch(name: claim.name, value: $0) } })
    }
}
