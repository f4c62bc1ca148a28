/// Why a token is refused. Nothing of the token is in it.
package enum TokenFault: Error, Sendable, Hashable, CaseIterable {
    /// More than `SignedToken.maximumBytes`.
    case tooLarge
    /// Not three parts of base64url with strict JSON in them, or a claim of the wrong kind.
    case malformed
    /// `alg` is unknown, or not one that this issuer may use.
    case algorithm
    /// A header that has to be understood and is not: `crit`, `b64`, another `typ`.
    case header
    case unknownKey
    case signature
    case issuer
    case audience
    case expired
    case notYetValid
    /// `exp`, `iss` or `aud` is missing.
    case claimMissing
    /// `cnf` names another certificate than the one of this connection (RFC 8705 section 3).
    case boundElsewhere
    /// Bound tokens are required, and this one is not bound.
    case notBound
    /// The issuer's keys have never come, or are too old.
    case keysUnavailable
    /// The authorization server says so (RFC 7662).
    case inactive
    /// The authorization server does not answer.
    case unavailable
    /// Too many tokens are being asked about.
    case busy
}
