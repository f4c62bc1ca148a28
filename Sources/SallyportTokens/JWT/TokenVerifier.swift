import FoundationEssentials
import SallyportModel

/// Checks tokens of one issuer: claims, then key, then signature. A pure function of its arguments; nothing in it waits.
package struct TokenVerifier: Sendable {
    package let rules: TokenRules

    package init(_ rules: TokenRules) { self.rules = rules }

    /// - Parameters:
    ///   - certificate: SHA-256 of the client's certificate, if it showed one.
    ///   - now: seconds since 1970.
    package func verify(
        _ token: SignedToken, keys: VerificationKeys, certificate: [UInt8]?, at now: Int64
    ) throws(TokenFault) -> TokenClaims {
        guard rules.algorithms.contains(token.algorithm) else { throw .algorithm }
        let claims = try TokenClaims(token.claims)
        try claims.check(rules, certificate: certificate, at: now)
        let key = try keys.key(token.keyIdentifier, for: token.algorithm)
        guard key.isSignature(token.signature, of: token.signingInput, by: token.algorithm) else { throw .signature }
        return claims
    }

    /// Whether a token whose signature was checked before is still good, and good on this connection.
    package func recheck(_ claims: TokenClaims, certificate: [UInt8]?, at now: Int64) throws(TokenFault) -> TokenFacts {
        try claims.check(rules, certificate: certificate, at: now)
        return claims.facts
    }
}
