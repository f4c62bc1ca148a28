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
    static let algorithms = Field(
        "algorithms", .list(of: .signatureAlgorithm(), count: 1...9),
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
        "`jwt`", [issuer.row, audience.row, jwks.row, algorithms.row, skew.row, bound.row, passOn.row]
    ) { record -> TokenPolicy? in
        guard let issuer = record[issuer]?.value, let audience = record[audience]?.value else { return nil }
        return TokenPolicy(
            issuer: issuer, audiences: audience.map(\.value), keys: record[jwks],
            algorithms: record[algorithms]?.value.map(\.value) ?? TokenPolicy.defaultAlgorithms, skew: record[skew],
            boundToCertificate: record[bound] != nil, passOn: record[passOn] != nil)
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
