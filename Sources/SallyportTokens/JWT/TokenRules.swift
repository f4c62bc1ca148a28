import SallyportModel

/// What a token of one issuer has to be.
package struct TokenRules: Sendable, Hashable {
    /// `iss`, byte for byte.
    package var issuer: String
    /// One of these has to be in `aud`; never empty.
    package var audiences: Set<String>
    package var algorithms: Set<TokenAlgorithm>
    /// How far the clocks may be apart, seconds.
    package var skew: Int64
    /// Whether a token without `cnf` is refused. One with it is always held to it.
    package var mustBeBound: Bool

    package init(
        issuer: String, audiences: Set<String>, algorithms: Set<TokenAlgorithm> = TokenAlgorithm.signatures,
        skew: Int64 = 60, mustBeBound: Bool = false
    ) {
        self.issuer = issuer
        self.audiences = audiences
        self.algorithms = algorithms
        self.skew = skew
        self.mustBeBound = mustBeBound
    }
}
