import SallyportModel

/// `policies.NAME.introspection`
enum IntrospectionSection {
    static let url = Field(
        "url", .introspectionURL(), required: true, "Where the authorization server is asked (RFC 7662).")
    static let client = Field(
        "client", .text("a name"), required: true, "The gateway's name at the authorization server.")
    static let secret = Field(
        "secret", .secret(nil, examples: ["file:introspection.secret", "env:INTROSPECTION_SECRET"]), required: true,
        "The gateway's secret at the authorization server, as a reference.")
    static let issuer = Field(
        "issuer", .issuer(), required: true,
        "Who issues the tokens: `iss` of the answer, byte for byte, where it has one.")
    static let audience = Field(
        "audience", .list(of: .text("an audience"), count: 1...16), required: true,
        "For whom the tokens are: one of these has to be in `aud` of the answer.")

    static let type = ValueType.record(
        "`introspection`",
        [
            url.row, client.row, secret.row, issuer.row, audience.row, TokenSection.trust.row, TokenSection.skew.row, TokenSection.bound.row,
            TokenSection.passOn.row,
        ]
    ) { record -> TokenPolicy? in
        guard let url = record[url]?.value, let client = record[client]?.value, let secret = record[secret]?.value,
            let issuer = record[issuer]?.value, let audience = record[audience]?.value
        else { return nil }
        var policy = TokenPolicy(
            issuer: issuer, audiences: audience.map(\.value), skew: record[TokenSection.skew],
            boundToCertificate: record[TokenSection.bound] != nil, passOn: record[TokenSection.passOn] != nil)
        policy.trust = record[TokenSection.trust]?.value.map(\.value) ?? []
        policy.introspection = Introspection(url: url, client: client, secret: secret)
        return policy
    }
}

extension ValueType<String> {
    /// The token and the gateway's own secret go there.
    fileprivate static func introspectionURL() -> ValueType {
        let shape = ScalarShape(
            words: "a URL such as https://id.example.org/introspect", pattern: "https?://.+",
            examples: ["\"https://id.example.org/introspect\""])
        return .scalar(shape, text: \.self) { text throws(ValueError) in
            let url = try DocumentURL.checked(text)
            try DocumentURL.checkSecrecy(url)
            return url
        }
    }
}
