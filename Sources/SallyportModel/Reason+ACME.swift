/// 2710–2729: the gateway asks a certificate authority for its own certificate by ACME (RFC 8555).
extension Reason {
    package static let acmeAnswerMalformed = Reason(
        2710, "The ACME server's answer makes no sense", origin: .upstream,
        explanation: """
            A directory, order, authorization or certificate from the ACME server lacks what RFC 8555 demands, is \
            larger than anything honest, or does not belong to what was asked for.
            """,
        fix: "Check `directory` of the listener's tls.acme: curl -v URL must show the ACME directory.")
    package static let acmeRefused = Reason(
        2711, "The ACME server refused a request", origin: .upstream,
        explanation: "The ACME server answered with a problem document; its type and words are in the detail.",
        fix: "Do what the detail says. The gateway tries again by itself, with growing pauses.")
    package static let acmeRateLimited = Reason(
        2712, "The ACME server's rate limit is reached", origin: .upstream,
        explanation: """
            The ACME server has seen too many requests for this account or these names. The gateway waits as long as \
            the server asks for.
            """,
        fix: "Wait; look for other machines that order the same names; use the server's staging directory for trials.")
    package static let acmeAccountRefused = Reason(
        2713, "The ACME account is not accepted", origin: .upstream,
        explanation: """
            The ACME server does not accept the account: it was deactivated or revoked, or its external account \
            binding is missing or wrong.
            """,
        fix: """
            Check `externalAccount` of the listener. To begin with a new account, move the account's file away from \
            the folder acme/accounts of the state directory and run: sallyport reload
            """)
    package static let acmeValidationFailed = Reason(
        2714, "The ACME server could not validate a name", origin: .upstream,
        explanation: """
            The server looked for the challenge under the name and did not find it: the name leads elsewhere, the port \
            is closed, or something in front of the gateway answered.
            """,
        fix: """
            Make the name lead to this gateway: port 80 for http-01, port 443 for tls-alpn-01, both as the ACME server \
            sees them.
            """)
    package static let acmeChallengeNotOffered = Reason(
        2715, "The ACME server does not offer the challenge", origin: .upstream,
        explanation: "The authorization of a name has no challenge of the configured type.",
        fix: "Set `challenge` of the listener's tls.acme to http-01 or tls-alpn-01, whichever the server offers.")
    package static let acmeOrderFailed = Reason(
        2716, "The ACME order failed", origin: .upstream,
        explanation: "The ACME server gave up the order, or did not finish it in time.",
        fix: "Look at the detail and at the status page of the authority. The gateway begins a new order by itself.")
    package static let acmeCertificateRefused = Reason(
        2717, "The certificate from the ACME server cannot be used", origin: .upstream,
        explanation: """
            What the ACME server issued is damaged, out of date by this machine's clock, for another key, or lacks one \
            of the names. It was thrown away, and the certificate in use stays.
            """,
        fix: "Check the clock of this machine, then tell the operator of the authority.")
    package static let acmeTermsNotAgreed = Reason(
        2718, "The ACME server's terms of service were not agreed to", origin: .configuration,
        explanation: "The ACME server wants its terms of service to be agreed to before it opens an account.",
        fix: "Read the terms at the URL in the detail, then set `agreeToTerms: true` in the listener's tls.acme.")
    package static let acmeExternalAccountMissing = Reason(
        2719, "The ACME server wants an external account", origin: .configuration,
        explanation: "The ACME server opens accounts only for customers that it knows by a key identifier and a MAC key.",
        fix: "Get both from the authority and set `externalAccount: { keyID: …, key: file:PATH }`.")
    package static let acmeProfileUnknown = Reason(
        2720, "The ACME server does not know the profile", origin: .configuration,
        explanation: "The directory of the ACME server does not list the profile that the listener asks for.",
        fix: "Set `profile` to one of those in the detail, or leave it out.")
    package static let acmeStateUnusable = Reason(
        2721, "The stored ACME state cannot be used", origin: .gateway,
        explanation: "A file below acme/ in the state directory is damaged or open to other users.",
        fix: "Restore the file from a backup, or move it away: the gateway makes a new one.")
    package static let acmeCertificatePending = Reason(
        2722, "There is no certificate yet", origin: .gateway,
        explanation: """
            The listener has its certificate by ACME, and the first one has not been issued so far, or the last one has \
            expired. Nothing is shown in its place.
            """,
        fix: "Look at `sallyport status`: it says what the gateway waits for and what went wrong last.")
    package static let acmeChallengeUnknown = Reason(
        2723, "No ACME challenge is pending for the name", origin: .client,
        explanation: "A client asked for the tls-alpn-01 challenge of a name that is not being validated now.",
        fix: "Nothing: it may be an ACME server that comes late, or somebody who looks around.")
    static let acmeReasons = [
        acmeAnswerMalformed, acmeRefused, acmeRateLimited, acmeAccountRefused, acmeValidationFailed,
        acmeChallengeNotOffered, acmeOrderFailed, acmeCertificateRefused, acmeTermsNotAgreed,
        acmeExternalAccountMissing, acmeProfileUnknown, acmeStateUnusable, acmeCertificatePending, acmeChallengeUnknown,
    ]
}
