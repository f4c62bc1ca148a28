/// Why the gateway does not issue a certificate to a workload that asks for one: ACME and enrolment (274x to 277x).
/// Titles are what the workload sees.
extension Reason {
    // MARK: Requests

    package static let certificateRequestRefused = Reason(
        2740, "The certificate request is refused", status: 400, origin: .client,
        explanation: """
            The PKCS #10 request is damaged, was not signed by its own key, has a weak key, or asks for something else \
            than names, such as being an authority.
            """,
        fix: "Make a new key and a request with a subject alternative name and no other extension.")
    package static let requestedNamesDiffer = Reason(
        2741, "The certificate request asks for other names", status: 400, origin: .client,
        explanation: "The names in the request are not exactly those of the order, the token or the old certificate.",
        fix: "Make the request with exactly these names.")
    package static let issuingFailed = Reason(
        2742, "The certificate cannot be issued", status: 500, origin: .gateway,
        explanation: "The built-in authority or the disk refused; the log line beside this one has the cause.",
        fix: "Look at the log of the gateway, then at: sallyport ca show")
    package static let issuingStateUnusable = Reason(
        2743, "The issuing state is not usable", status: 500, origin: .gateway,
        explanation: """
            An account, order or token file below the state directory cannot be read or written. None of them is \
            skipped: it might say that somebody lost a right.
            """,
        fix: "Repair the file that the message names, or remove it if what it holds may be forgotten.")
    package static let issuingRateLimited = Reason(
        2744, "Too many certificates are asked for", status: 429, origin: .client,
        explanation:
            "An account or identity asked for more certificates in an hour than it may, or has too many open orders.",
        fix: "Find out why it asks so often; `sallyport explain pki.acme.ordersPerHour` says how many it may.")

    // MARK: ACME

    package static let acmeMalformed = Reason(
        2750, "The ACME request is malformed", status: 400, origin: .client,
        explanation: "It is no JWS in strict flattened JSON, or lacks what RFC 8555 demands of it.",
        fix: "Use an ACME client that follows RFC 8555.")
    package static let acmeUnsupportedMedia = Reason(
        2751, "The ACME request is not application/jose+json", status: 415, origin: .client,
        explanation: "RFC 8555 section 6.2 demands this content type of every POST.",
        fix: "Use an ACME client that follows RFC 8555.")
    package static let acmeBadNonce = Reason(
        2752, "The nonce is not good", status: 400, origin: .client,
        explanation:
            "The nonce was used before, is older than an hour, or comes from before a restart. Clients try again.",
        fix: "Nothing, if it happens now and then. A nonce that is always refused points to a clock that jumps.")
    package static let acmeBadSignature = Reason(
        2753, "The signature is not good", status: 403, origin: .client,
        explanation:
            "The key of the account did not make the signature, or the signed URL is not the one that was asked.",
        fix: "Check that no proxy between client and gateway changes host or path; then register the client anew.")
    package static let acmeBadAlgorithm = Reason(
        2754, "The signature algorithm is not accepted", status: 400, origin: .client,
        explanation: "Requests are signed with ES256, ES384, RS256 or EdDSA; a MAC is for account bindings only.",
        fix: "Choose a P-256 key for the account.")
    package static let acmeBadKey = Reason(
        2755, "The account key is not accepted", status: 400, origin: .client,
        explanation: "Accounts have P-256, P-384, Ed25519 or RSA keys of 2048 to 4096 bits.",
        fix: "Choose a P-256 key for the account.")
    package static let acmeAccountUnknown = Reason(
        2756, "The account does not exist", status: 400, origin: .client,
        explanation: "No account has this key or URL here, or it was deactivated.",
        fix: "Register anew with the external account key.")
    package static let acmeExternalAccountRequired = Reason(
        2757, "An external account is required", status: 403, origin: .client,
        explanation:
            "An account says with a key from `pki.acme.externalAccounts` who it belongs to, and this one did not.",
        fix: "Give the client the key identifier and the key: --eab-kid NAME --eab-hmac-key=KEY, for certbot (with the sign: a key may begin with a dash).")
    package static let acmeExternalAccountRefused = Reason(
        2758, "The external account is refused", status: 403, origin: .client,
        explanation: """
            The account binding names no entry of `pki.acme.externalAccounts`, has another key than the entry, binds \
            another account key, or the entry has all the accounts that it may have.
            """,
        fix: "Compare identifier and key with the configuration; the key is base64url on the client's side.")
    package static let acmeNotAllowed = Reason(
        2759, "The account may not do this", status: 403, origin: .client,
        explanation:
            "The order, certificate or authorization belongs to another account, or the account lost its entry.",
        fix: "Use the account that made the order, or restore its entry in `pki.acme.externalAccounts`.")
    package static let acmeNameRefused = Reason(
        2760, "A name is not issued to this account", status: 403, origin: .client,
        explanation: "The name is not among `names` of the account's entry in `pki.acme.externalAccounts`.",
        fix: "Add it there if the account is to have it.")
    package static let acmeProfileRefused = Reason(
        2761, "The profile is not issued to this account", status: 403, origin: .client,
        explanation: "The account's entry in `pki.acme.externalAccounts` does not list this usage.",
        fix: "Add the usage there if the account is to have it, or ask for another profile.")
    package static let acmeOrderNotReady = Reason(
        2762, "The order is not ready", status: 403, origin: .client,
        explanation: "An order is finalized once, after all of its authorizations are valid and before it expires.",
        fix: "Begin a new order.")
    package static let acmeNotFound = Reason(
        2763, "There is no such ACME resource", status: 404, origin: .client,
        explanation: "The URL names nothing here; what has expired is forgotten.",
        fix: "Begin at the directory: https://HOST/acme/directory")
    package static let acmeAlreadyRevoked = Reason(
        2764, "The certificate is revoked already", status: 400, origin: .client,
        explanation: "A client asked a second time.",
        fix: "Nothing needs to be done.")
    package static let acmeBadRevocationCode = Reason(
        2765, "The revocation reason is not accepted", status: 400, origin: .client,
        explanation: "Reasons are the numbers 0 to 5, 9 and 10 of RFC 5280 section 5.3.1, without 6 to 8.",
        fix: "Leave the reason out, or give 1 when the key is known to others.")
    package static let acmeChallengeUnreachable = Reason(
        2766, "The challenge could not be fetched", status: 400, origin: .client,
        explanation: "The gateway could not resolve the name, connect to it, or finish the exchange in time.",
        fix: "Let the ACME client listen on the port of `pki.acme.validation`, reachable from the gateway.")
    package static let acmeChallengeWrong = Reason(
        2767, "The challenge was answered wrongly", status: 403, origin: .client,
        explanation: "Whoever answers under the name does not know the token of the order.",
        fix: "See which machine the name leads to from the gateway, and that the ACME client runs there.")
    package static let acmeAddressRefused = Reason(
        2768, "The name leads to an address that is not asked", status: 403, origin: .client,
        explanation:
            "An address that the name resolves to is outside of `pki.acme.validation.networks`; none was asked.",
        fix: "Add its network there if workloads live in it.")

    // MARK: Enrolment

    package static let enrolmentCredentialMissing = Reason(
        2770, "Enrolment needs a token or a certificate", status: 401, origin: .client,
        explanation:
            "The request had neither `Authorization: Bearer TOKEN` nor a client certificate of the built-in authority.",
        fix: "Make a token for it: sallyport cert token NAME")
    package static let enrolmentTokenRefused = Reason(
        2771, "The token is not good", status: 403, origin: .client,
        explanation: "The token is unknown, has expired or was used. Each is good for one certificate.",
        fix:
            "Make a new one: sallyport cert token NAME. If it was used by somebody else, revoke: sallyport cert revoke NAME"
    )
    package static let enrolmentRenewalRefused = Reason(
        2772, "The certificate is not renewed here", status: 403, origin: .client,
        explanation: """
            The client's identity is not in `pki.enrolment.renew`, or its certificate is none of the built-in \
            authority's client certificates.
            """,
        fix: "Add the identity there, or give it a token: sallyport cert token NAME")

    // MARK: The gateway's own services

    package static let localServiceBusy = Reason(
        2778, "The service is busy", status: 503, origin: .gateway,
        explanation: "As many requests to the gateway's own services are under way as one worker takes.",
        fix: "Nothing, if it passes. Otherwise look at who asks so often in the access log.")
    package static let localServiceTimeout = Reason(
        2779, "The service took too long", status: 504, origin: .gateway,
        explanation: "One of the gateway's own services did not answer within 30 seconds; often the disk is slow.",
        fix: "Look at the log of the gateway and at the disk of the state directory.")

    // MARK: Configuration

    package static let servicePathTwice = configuration(
        1540, "Two services share a path",
        "The ACME server and the enrolment call answer below their paths, and one of the paths is below the other.",
        fix: "Give one of them another `path`.")
    package static let newcomersShutOut = configuration(
        1541, "Newcomers are shut out",
        """
        The listener demands a client certificate, and this service is for those who have none yet. Only renewal works \
        there.
        """,
        fix: "Use a listener, or an entry of `hosts`, whose profile has clientCertificates: { mode: optional }.")
    package static let accountKeyUnusable = configuration(
        1542, "External account key is not usable",
        "The key of an external account is base64url text, without padding, of at least 32 bytes.",
        fix: "Make one: openssl rand 32 | basenc --base64url | tr -d '=' > FILE; chmod 600 FILE")

    static let issuingReasons = [
        servicePathTwice, newcomersShutOut, accountKeyUnusable,
        certificateRequestRefused, requestedNamesDiffer, issuingFailed, issuingStateUnusable, issuingRateLimited,
        acmeMalformed, acmeUnsupportedMedia, acmeBadNonce, acmeBadSignature, acmeBadAlgorithm, acmeBadKey,
        acmeAccountUnknown, acmeExternalAccountRequired, acmeExternalAccountRefused, acmeNotAllowed, acmeNameRefused,
        acmeProfileRefused, acmeOrderNotReady, acmeNotFound, acmeAlreadyRevoked, acmeBadRevocationCode,
        acmeChallengeUnreachable, acmeChallengeWrong, acmeAddressRefused,
        enrolmentCredentialMissing, enrolmentTokenRefused, enrolmentRenewalRefused,
        localServiceBusy, localServiceTimeout,
    ]
}
