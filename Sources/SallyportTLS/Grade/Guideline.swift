/// A published recommendation for TLS, as data. What is not demanded is free.
package struct Guideline: Sendable {
    /// As `--guideline` takes it.
    package let name: String
    package let title: String
    /// Where the demands stand.
    package let source: String
    let demands: [Demand]

    /// One sentence of a guideline.
    struct Demand: Sendable {
        let rule: Rule
        /// The section.
        let place: String
        let weight: Weight
        let fix: String
    }

    /// Whether the guideline is met without it.
    package enum Weight: String, Sendable {
        /// MUST, shall: without it the guideline is not met.
        case required
        /// SHOULD: said, and no reason to fail.
        case advised
    }

    /// What can be held against a posture.
    enum Rule: Sendable {
        /// No other version is spoken.
        case versions(allowed: [WireVersion])
        case versionSpoken(WireVersion)
        case suites(allowed: Set<UInt16>)
        /// No suite of these kinds.
        case suiteKinds(forbidden: Set<CipherSuite.Kind>)
        case groups(allowed: [NamedGroup])
        case anyGroup(of: [NamedGroup])
        case primeBits(atLeast: Int)
        case keys(allowed: KeyRule)
        case certificateSignatures(allowed: Set<String>)
        case certificateDays(atMost: Int)
        case noWeakSignatures
        case noCompression
        case secureRenegotiation
        case extendedMasterSecret
        case clientOrder
        case fallbackRefused
    }

    /// Which public keys a certificate may have.
    struct KeyRule: Sendable {
        /// Nil: no RSA at all.
        var rsaBits: Int?
        var curves: Set<String> = []
        var edwards = false
        var postQuantum: Set<String> = []
    }
}
