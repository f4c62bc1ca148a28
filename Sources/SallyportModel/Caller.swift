/// Who makes one request, as far as it is proved. The subject of every decision about it.
package struct Caller: Sendable {
    /// Proved in the handshake; nil without a client certificate.
    package var certificate: Identity?
    /// The names of `identities` that hold for the request. These are what `allow` speaks of.
    package var names: [String]
    /// Of the token that came with the request and was checked in full.
    package var token: TokenFacts?
    /// Of the API key that came with the request and is known.
    package var key: KeyFacts?

    /// Whoever is at the other end of the connection.
    package init(_ certificate: Identity?) {
        self.certificate = certificate
        names = certificate?.names ?? []
    }

    /// What token and key say, for the log: `mobile token:alice`, `key:ci-bot`; nil without them. The names are those
    /// of `identities` that the certificate alone would not have. A subject is the issuer's to choose, and is cut.
    package var credentialName: String? {
        guard token != nil || key != nil else { return nil }
        var words = Array(names.dropFirst(certificate?.names.count ?? 0))
        if let token { words.append("token:" + (token.subject ?? token.client ?? token.issuer).prefix(128)) }
        if let key { words.append("key:" + key.name) }
        return words.joined(separator: " ")
    }

    /// Who it is, told apart from everybody else: by the token if there is one, since it says for whom a program asks;
    /// else by the API key, else by the certificate. Nil for a caller who proved nothing. Texts of different kinds never
    /// are the same: what a token says comes behind its issuer, which the configuration has.
    package var client: String? {
        if let token { return "token \(token.issuer) \(token.subject ?? token.client ?? "")" }
        return key.map { "key \($0.name)" } ?? certificate?.client
    }

    /// Nobody in particular: nothing was shown that proves anything.
    package var isAnonymous: Bool { certificate == nil && token == nil && key == nil }
}
