/// How a listener gets its certificate from an ACME server (RFC 8555).
package struct ACMESettings: Sendable, Hashable {
    /// The URL of the server's directory.
    package var directory: String
    /// Where the authority may write to about the account.
    package var email: String?
    /// DNS names in lower case; at least one.
    package var names: [String]
    package var challenge: ACMEChallengeKind
    package var externalAccount: ACMEExternalAccount?
    /// A profile that the server's directory lists.
    package var profile: String?
    /// Keys of `Configuration.authorities` for the ACME server's own certificate; empty means the roots of the
    /// operating system.
    package var trust: [String]
    package var agreesToTerms: Bool

    package init(
        directory: String, email: String? = nil, names: [String], challenge: ACMEChallengeKind = .http01,
        externalAccount: ACMEExternalAccount? = nil, profile: String? = nil, trust: [String] = [],
        agreesToTerms: Bool = false
    ) {
        self.directory = directory
        self.email = email
        self.names = names
        self.challenge = challenge
        self.externalAccount = externalAccount
        self.profile = profile
        self.trust = trust
        self.agreesToTerms = agreesToTerms
    }
}

/// How a name is proved to be ours.
package enum ACMEChallengeKind: String, Sendable, Hashable, CaseIterable {
    /// A resource under `/.well-known/acme-challenge/` on port 80 (RFC 8555 §8.3).
    case http01 = "http-01"
    /// A certificate shown for the ALPN protocol `acme-tls/1` on port 443 (RFC 8737).
    case tlsALPN01 = "tls-alpn-01"
}

/// The account that the authority's operator knows us by (RFC 8555 §7.3.4).
package struct ACMEExternalAccount: Sendable, Hashable {
    package var keyID: String
    /// The MAC key in base64url.
    package var key: SecretReference

    package init(keyID: String, key: SecretReference) {
        self.keyID = keyID
        self.key = key
    }
}
