import SallyportModel

/// What a client is told that has to show a token, or a better one (RFC 6750 section 3).
package enum BearerChallenge {
    /// The refusal with its WWW-Authenticate field, where the status demands one.
    package static func reply(_ reason: Reason) -> LocalReply {
        guard reason.status == 401 else { return LocalReply(reason) }
        let error = reason == .credentialsRequired ? "" : ", error=\"invalid_token\""
        return LocalReply(reason, fields: [("www-authenticate", "Bearer realm=\"gateway\"\(error)")])
    }
}
