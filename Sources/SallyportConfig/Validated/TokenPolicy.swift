import SallyportModel

/// Which tokens are taken (RFC 7519), and where the keys for them come from.
package struct TokenPolicy: Sendable, Hashable {
    /// Where the key set of an issuer is.
    package enum Keys: Sendable, Hashable {
        /// Where the issuer's own document says.
        case discover
        case url(String)
        /// A secret that issuer and gateway share; for MACs.
        case secret(SecretReference)
    }

    package var issuer: String
    /// One of these has to be in `aud`.
    package var audiences: [String]
    package var keys: Keys
    /// Authorities whose servers are believed when keys are fetched or tokens asked about; empty: the system's.
    package var trust: [String] = []
    package var algorithms: [TokenAlgorithm]
    /// How far the clocks may be apart.
    package var skew: Duration
    package var boundToCertificate: Bool
    /// Whether the upstream gets the token as well.
    package var passOn: Bool
    /// Set: tokens are asked about, and keys and algorithms are without effect.
    package var introspection: Introspection?

    package init(
        issuer: String, audiences: [String], keys: Keys = .discover,
        algorithms: [TokenAlgorithm] = TokenPolicy.defaultAlgorithms, skew: Duration = .seconds(60),
        boundToCertificate: Bool = false, passOn: Bool = false
    ) {
        self.issuer = issuer
        self.audiences = audiences
        self.keys = keys
        self.algorithms = algorithms
        self.skew = skew
        self.boundToCertificate = boundToCertificate
        self.passOn = passOn
    }

    /// Whether tokens are checked by a shared secret.
    package var isShared: Bool {
        if case .secret = keys { true } else { false }
    }

    package static let defaultAlgorithms: [TokenAlgorithm] = [.rs256, .ps256, .es256, .es384, .es512, .edDSA]
}

/// A server that is asked about tokens that only it can read (RFC 7662).
package struct Introspection: Sendable, Hashable {
    package var url: String
    /// The gateway's name at the server.
    package var client: String
    package var secret: SecretReference

    package init(url: String, client: String, secret: SecretReference) {
        self.url = url
        self.client = client
        self.secret = secret
    }
}

/// What a token has to say for its bearer to be an identity.
package struct TokenIdentity: Sendable, Hashable {
    package var issuer: String
    package var audience: String?
    /// Each claim is this text, or a list that has it; of `scope`, one of its words.
    package var claims: [HeaderMatch]

    package init(issuer: String, audience: String? = nil, claims: [HeaderMatch] = []) {
        self.issuer = issuer
        self.audience = audience
        self.claims = claims
    }
}
