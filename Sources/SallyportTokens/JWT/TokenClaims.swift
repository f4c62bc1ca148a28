import SallyportConfig
import SallyportModel
import SallyportPKI

/// The claims of a token that decide whether it is good, read from its payload. They are believed once the signature
/// was checked.
package struct TokenClaims: Sendable, Hashable {
    package let facts: TokenFacts
    /// `nbf`, seconds since 1970, rounded up.
    let notBefore: Int64?
    /// `iat`, rounded up.
    let issuedAt: Int64?
    /// `cnf.x5t#S256`: SHA-256 of the certificate that the token is bound to (RFC 8705 section 3.1).
    let certificateThumbprint: [UInt8]?

    init(_ json: JSONValue) throws(TokenFault) {
        guard let issuer = json["iss"], let audience = json["aud"], let expires = json["exp"] else {
            throw .claimMissing
        }
        guard let issuer = issuer.text, let end = Self.seconds(expires, .down) else { throw .malformed }
        notBefore = try Self.optionalSeconds(json["nbf"])
        issuedAt = try Self.optionalSeconds(json["iat"])
        certificateThumbprint = try Self.thumbprint(json["cnf"])
        facts = TokenFacts(
            issuer: issuer, subject: try Self.optionalText(json["sub"]), audience: try Self.texts(audience),
            scope: try Self.scope(json["scope"]), client: try Self.optionalText(json["client_id"] ?? json["azp"]),
            expires: end, claims: Claim(json))
    }

    /// Whether the token is good now, under these rules, on a connection with this certificate.
    /// - Parameter certificate: SHA-256 of the client's certificate.
    func check(_ rules: TokenRules, certificate: [UInt8]?, at now: Int64) throws(TokenFault) {
        try checkIssuer(rules)
        try checkAudience(rules)
        try checkTime(rules, at: now)
        try checkBinding(rules, certificate: certificate)
    }

    func checkIssuer(_ rules: TokenRules) throws(TokenFault) {
        guard facts.issuer.utf8.elementsEqual(rules.issuer.utf8) else { throw .issuer }
    }

    func checkAudience(_ rules: TokenRules) throws(TokenFault) {
        let isMeant = facts.audience.contains { audience in
            rules.audiences.contains { $0.utf8.elementsEqual(audience.utf8) }
        }
        guard isMeant else { throw .audience }
    }

    func checkTime(_ rules: TokenRules, at now: Int64) throws(TokenFault) {
        guard facts.expires > now - rules.skew else { throw .expired }
        guard startsAt <= now + rules.skew else { throw .notYetValid }
    }

    /// The later of `nbf` and `iat`; the beginning of time where neither is there.
    var startsAt: Int64 { max(notBefore ?? .min, issuedAt ?? .min) }

    /// RFC 8705 section 3.
    func checkBinding(_ rules: TokenRules, certificate: [UInt8]?) throws(TokenFault) {
        switch (certificateThumbprint, certificate) {
        case (let bound?, let shown?) where bound == shown: return
        case (nil, _) where !rules.mustBeBound: return
        case (nil, _): throw .notBound
        case (_?, _): throw .boundElsewhere
        }
    }

    var isBound: Bool { certificateThumbprint != nil }

    // MARK: kinds

    private enum Rounding { case up, down }

    /// NumericDate of RFC 7519 section 2, up to the year 9999.
    private static func seconds(_ json: JSONValue, _ rounding: Rounding) -> Int64? {
        let year9999: Int64 = 253_402_300_799
        let value: Int64
        switch json {
        case .integer(let number): value = Int64(number)
        case .decimal(let number) where abs(number) < 1e12: value = Int64(number.rounded(rounding == .up ? .up : .down))
        default: return nil
        }
        return (0...year9999).contains(value) ? value : nil
    }

    private static func optionalSeconds(_ json: JSONValue?) throws(TokenFault) -> Int64? {
        guard let json else { return nil }
        guard let seconds = seconds(json, .up) else { throw .malformed }
        return seconds
    }

    private static func optionalText(_ json: JSONValue?) throws(TokenFault) -> String? {
        guard let json else { return nil }
        guard let text = json.text else { throw .malformed }
        return text
    }

    /// A text or a list of texts (RFC 7519 section 4.1.3).
    private static func texts(_ json: JSONValue) throws(TokenFault) -> [String] {
        if let text = json.text { return [text] }
        guard let elements = json.elements else { throw .malformed }
        var texts: [String] = []
        for element in elements {
            guard let text = element.text else { throw .malformed }
            texts.append(text)
        }
        return texts
    }

    /// Words between single spaces (RFC 8693 section 4.2); some issuers write a list.
    private static func scope(_ json: JSONValue?) throws(TokenFault) -> [String] {
        guard let json else { return [] }
        guard let text = json.text else { return try texts(json) }
        return text.split(separator: " ").map(String.init)
    }

    /// A confirmation that is not understood is no confirmation that may be left out: a token bound to a key by `jkt`
    /// or `jwk` is refused, since nothing here proves possession of that key.
    private static func thumbprint(_ json: JSONValue?) throws(TokenFault) -> [UInt8]? {
        guard let json else { return nil }
        guard case .object(let members) = json, members.count == 1, let text = json["x5t#S256"]?.text else {
            throw .boundElsewhere
        }
        guard let bytes = Base64URL.decode(text), bytes.count == 32 else { throw .malformed }
        return bytes
    }
}

extension Claim {
    init(_ json: JSONValue) {
        switch json {
        case .null: self = .null
        case .bool(let truth): self = .truth(truth)
        case .integer(let number): self = .integer(number)
        case .decimal(let number): self = .decimal(number)
        case .string(let text): self = .text(text)
        case .array(let elements): self = .list(elements.map(Claim.init))
        case .object(let members):
            // The reader has refused names that come twice.
            self = .object(Dictionary(members.map { ($0.name, Claim($0.value)) }) { first, _ in first })
        }
    }
}
