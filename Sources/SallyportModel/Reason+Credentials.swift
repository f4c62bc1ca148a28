extension Reason {
    package static let credentialsRequired = Reason(
        3030, "Credentials are required", status: 401, origin: .client,
        explanation: "The route wants a token or an API key, and the request has none.",
        fix: "Send `Authorization: Bearer …`, or `X-API-Key: …` where the route takes API keys.")
    package static let tokenTooLarge = Reason(
        3031, "The token is too large", status: 401, origin: .client,
        explanation: "A token has at most 16 KiB.",
        fix: "Have the issuer put less into its tokens.")
    package static let tokenMalformed = Reason(
        3032, "The token cannot be read", status: 401, origin: .client,
        explanation:
            "The token is not three parts of base64url with strict JSON in them, a name comes twice in it, or a claim is of another kind than its standard says.",
        fix: "Decode the token and compare it with RFC 7519. An opaque token needs a policy with `introspection`.")
    package static let tokenAlgorithmRefused = Reason(
        3033, "The token is signed in a way that is not accepted", status: 401, origin: .client,
        explanation:
            "The algorithm of the token is unknown, `none`, or not in `algorithms` of the policy. A key decides which algorithms go with it, never the token.",
        fix: "Have the issuer sign with an algorithm of the policy, or add the one that it uses to `algorithms`.")
    package static let tokenHeaderRefused = Reason(
        3034, "The header of the token is not accepted", status: 401, origin: .client,
        explanation:
            "The token has `crit`, is encrypted or compressed, or its `typ` says that it is something else than an access token.",
        fix: "Send an access token: `typ` is `JWT`, `at+jwt` or missing.")
    package static let tokenKeyUnknown = Reason(
        3035, "The key of the token is not known", status: 401, origin: .client,
        explanation:
            "The `kid` of the token is not in the key set of the issuer, or the token has none and several keys would fit. Keys are fetched again because of that, at most once in 30 seconds.",
        fix: "Compare the `kid` of the token with the key set of the issuer.")
    package static let tokenSignatureWrong = Reason(
        3036, "The signature of the token is wrong", status: 401, origin: .client,
        explanation:
            "The signature was not made with the key that the token names: the token was changed, cut off, or made by somebody else.",
        fix: "Fetch a new token from the issuer.")
    package static let tokenIssuerWrong = Reason(
        3037, "The token is from another issuer", status: 401, origin: .client,
        explanation:
            "`iss` of the token is not the `issuer` of the policy, byte for byte. A slash at the end makes a difference.",
        fix: "Compare `iss` of the token with `issuer` of the policy.")
    package static let tokenAudienceWrong = Reason(
        3038, "The token is for somebody else", status: 401, origin: .client,
        explanation:
            "None of the values of `aud` is in `audience` of the policy: the token was made for another service.",
        fix: "Ask the issuer for a token for this service.")
    package static let tokenExpired = Reason(
        3039, "The token has expired", status: 401, origin: .client,
        explanation: "`exp` of the token is past, with `skew` added.",
        fix: "Fetch a new token. If tokens expire too early, compare the clocks of issuer and gateway.")
    package static let tokenNotYetValid = Reason(
        3040, "The token is not valid yet", status: 401, origin: .client,
        explanation: "`nbf` or `iat` of the token lies in the future, beyond `skew`.",
        fix: "Compare the clocks of issuer and gateway.")
    package static let tokenClaimMissing = Reason(
        3041, "The token lacks a claim", status: 401, origin: .client,
        explanation:
            "The token has no `iss`, `aud` or `exp`. A token that never ends, or that is for anybody, is not accepted.",
        fix: "Have the issuer add the claim.")
    package static let tokenBoundElsewhere = Reason(
        3042, "The token is bound to somebody else", status: 401, origin: .client,
        explanation:
            "The token is bound to a certificate or key (`cnf`), and this connection did not prove to have it (RFC 8705).",
        fix: "Present the certificate that the token was fetched with.")
    package static let tokenNotBound = Reason(
        3043, "The token is not bound to a certificate", status: 401, origin: .client,
        explanation: "The policy has `boundToCertificate: true`, and the token has no `cnf` claim with `x5t#S256`.",
        fix: "Have the issuer bind tokens to certificates (RFC 8705), or take `boundToCertificate` out of the policy.")
    package static let tokenKeysUnavailable = Reason(
        3044, "Tokens cannot be checked now", status: 503, origin: .gateway,
        explanation:
            "The keys of the issuer could not be fetched since the gateway started, or for longer than a day. Nobody is let in on a token that cannot be checked.",
        fix: "See the warnings in the log about the issuer, and whether its address can be reached from here.")
    package static let credentialsAmbiguous = Reason(
        3045, "There is more than one set of credentials", status: 400, origin: .client,
        explanation:
            "The request has several Authorization or X-API-Key fields, or both, or one that is not understood. Which one counts is not guessed.",
        fix: "Send one of them.")
    package static let tokenInactive = Reason(
        3046, "The token is not active", status: 401, origin: .client,
        explanation: "The authorization server says that the token is not active: unknown, expired or withdrawn.",
        fix: "Fetch a new token.")
    package static let introspectionUnavailable = Reason(
        3047, "Tokens cannot be checked now", status: 503, origin: .gateway,
        explanation: "The authorization server gave no answer about the token, or one that is not understood.",
        fix: "See the warnings in the log about `introspection`, and whether its address can be reached from here.")
    package static let introspectionBusy = Reason(
        3048, "Too many tokens are being checked", status: 503, origin: .gateway,
        explanation: """
            As many questions to the authorization server are under way as there may be, or clients of one address have \
            caused more than their part: 10 a second after the first 100.
            """,
        fix: "Find out why the server is slow, or who sends so many different tokens.")
    package static let apiKeyUnknown = Reason(
        3050, "The API key is not known", status: 401, origin: .client,
        explanation: "The API key has been revoked, was made by another gateway, or was not copied as a whole.",
        fix: "List the keys that are good: sallyport key list")
    package static let apiKeyExpired = Reason(
        3051, "The API key has expired", status: 401, origin: .client,
        explanation: "The API key had an end when it was made, and that is past.",
        fix: "Make a new one: sallyport key create NAME")
    package static let apiKeyBoundElsewhere = Reason(
        3052, "The API key is bound to somebody else", status: 403, origin: .client,
        explanation: "The API key may be used by one identity only, and this connection did not prove to be that.",
        fix: "Present the certificate of that identity, or make a key that is not bound: sallyport key create NAME")
    package static let apiKeysUnavailable = Reason(
        3053, "API keys cannot be checked now", status: 503, origin: .gateway,
        explanation:
            "The file of the API keys could not be used since the gateway started, so nobody knows which keys are good. Nobody is let in with one, and nobody is told that theirs is bad.",
        fix: "See the error SP1342 in the log or in sallyport status, and restore keys/keys.json from a backup.")
    package static let conditionNotMet = Reason(
        3060, "Not allowed under these circumstances", status: 403, origin: .client,
        explanation:
            "A policy of the route has a `when` that does not hold for the request, or that the request leaves undecided.",
        fix: "See what each part of the condition comes to: sallyport route test METHOD URL --as IDENTITY")
    package static let conditionDenies = Reason(
        3061, "Denied under these circumstances", status: 403, origin: .client,
        explanation:
            "A policy of the route has a `deny` that holds for the request, or that the request leaves undecided.",
        fix: "See what each part of the condition comes to: sallyport route test METHOD URL --as IDENTITY")

    static let credentialReasons = [
        credentialsRequired, tokenTooLarge, tokenMalformed, tokenAlgorithmRefused, tokenHeaderRefused, tokenKeyUnknown,
        tokenSignatureWrong, tokenIssuerWrong, tokenAudienceWrong, tokenExpired, tokenNotYetValid, tokenClaimMissing,
        tokenBoundElsewhere, tokenNotBound, tokenKeysUnavailable, credentialsAmbiguous, tokenInactive,
        introspectionUnavailable, introspectionBusy, apiKeyUnknown, apiKeyExpired, apiKeyBoundElsewhere,
        apiKeysUnavailable,
        conditionNotMet, conditionDenies,
    ]
}
