/// A claim of a token whose signature, issuer and audience were checked (RFC 7519 section 4).
package indirect enum Claim: Sendable, Hashable {
    case null
    case truth(Bool)
    case integer(Int)
    case decimal(Double)
    case text(String)
    case list([Claim])
    case object([String: Claim])

    /// The member at the end of the path; nil when there is none. Each name is one name, whatever dots it has.
    package subscript(path path: some Sequence<String>) -> Claim? {
        var current = self
        for name in path {
            guard case .object(let members) = current, let next = members[name] else { return nil }
            current = next
        }
        if case .null = current { return nil }
        return current
    }

    /// A text, number or truth value as text; nil for anything else.
    package var scalarText: String? {
        switch self {
        case .text(let text): text
        case .integer(let number): String(number)
        case .decimal(let number): String(number)
        case .truth(let isTrue): isTrue ? "true" : "false"
        case .null, .list, .object: nil
        }
    }
}

/// What a good token says. A value exists only for a token that was checked in full.
package struct TokenFacts: Sendable, Hashable {
    /// `iss`.
    package var issuer: String
    /// `sub`.
    package var subject: String?
    /// `aud`.
    package var audience: [String]
    /// The words of `scope` (RFC 8693 section 4.2), or the elements of a list of that name.
    package var scope: [String]
    /// `client_id` (RFC 9068), else `azp`.
    package var client: String?
    /// `exp`, seconds since 1970.
    package var expires: Int64
    /// All members, those above included; an object.
    package var claims: Claim

    package init(
        issuer: String, subject: String? = nil, audience: [String] = [], scope: [String] = [], client: String? = nil,
        expires: Int64, claims: Claim = .object([:])
    ) {
        self.issuer = issuer
        self.subject = subject
        self.audience = audience
        self.scope = scope
        self.client = client
        self.expires = expires
        self.claims = claims
    }
}

/// The API key that a request was sent with; never the key itself.
package struct KeyFacts: Sendable, Hashable {
    package var name: String
    /// The identity that the key is bound to.
    package var identity: String?

    package init(name: String, identity: String? = nil) {
        self.name = name
        self.identity = identity
    }
}
