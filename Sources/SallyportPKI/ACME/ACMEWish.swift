import SallyportConfig

/// What is wanted of an ACME server.
package struct ACMEWish: Sendable {
    package var directory: FetchURL
    /// DNS names in lower case, 1 to `mostNames`.
    package var names: [String]
    package var challenge: ACMEChallengeKind
    package var email: String?
    package var agreesToTerms: Bool
    package var externalAccount: ExternalAccount?
    package var profile: String?
    /// Who vouches for the ACME server itself.
    package var trust: FetchTrust
    /// The identifier of the certificate that the new one replaces (RFC 9773 §5); only for servers with renewalInfo.
    package var replaces: String?

    package static let mostNames = 100

    /// RFC 8555 §7.3.4. Its text form leaves the key out, so that it can be interpolated without harm.
    package struct ExternalAccount: Sendable, CustomStringConvertible, CustomReflectable {
        package var keyID: String
        /// The MAC key. A secret.
        package var secret: [UInt8]

        package init(keyID: String, secret: [UInt8]) {
            self.keyID = keyID
            self.secret = secret
        }

        package var description: String { "external account \(keyID)" }
        package var customMirror: Mirror { Mirror(self, children: ["keyID": keyID]) }
    }

    package init(
        directory: FetchURL, names: [String], challenge: ACMEChallengeKind, email: String? = nil,
        agreesToTerms: Bool = false, externalAccount: ExternalAccount? = nil, profile: String? = nil,
        trust: FetchTrust = .system, replaces: String? = nil
    ) {
        self.directory = directory
        self.names = names
        self.challenge = challenge
        self.email = email
        self.agreesToTerms = agreesToTerms
        self.externalAccount = externalAccount
        self.profile = profile
        self.trust = trust
        self.replaces = replaces
    }
}

/// What the ACME server will look for.
package struct ChallengeProof: Sendable, Hashable {
    package let kind: ACMEChallengeKind
    /// The DNS name that is being validated.
    package let name: String
    package let token: String
    /// Token, dot, thumbprint of the account's key (RFC 8555 §8.1): the content of the http-01 resource, and what the
    /// certificate of tls-alpn-01 holds the SHA-256 of.
    package let keyAuthorization: String
}
