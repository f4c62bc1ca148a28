/// Why the status of a certificate refuses it (223x), and what is wrong with revocation lists, OCSP responses and the
/// deny list (2232 to 2249).
extension Reason {
    package static let certificateStatusUnknown = Reason(
        2230, "The status of the certificate is not known", origin: .client,
        explanation: """
            The authority is set up so that the status of its certificates is looked up, and neither a revocation list \
            in force nor an OCSP responder says that this one is good.
            """,
        fix: """
            See sallyport status for the state of the lists and bring them up to date. `whenStatusUnknown: allow` with \
            `because` lets such certificates in.
            """)
    package static let certificateDenied = Reason(
        2231, "The certificate is on the deny list", origin: .client,
        explanation: "The operator's own deny list names the certificate, its key, its SPIFFE ID or its issuer.",
        fix: "See the list: sallyport cert denied. Take a line back: sallyport cert revoke --undo with what it names.")

    // MARK: Revocation lists

    package static let revocationListMalformed = Reason(
        2232, "A revocation list cannot be read", origin: .configuration,
        explanation: "The file or the answer is not a certificate revocation list in DER or PEM, or it is damaged.",
        fix: "Look at it: openssl crl -in FILE -text -noout, with -inform DER for a list in DER.")
    package static let revocationListForged = Reason(
        2233, "A revocation list was not signed by its issuer", origin: .configuration,
        explanation: "The list names one of the authority's certificates as its issuer, whose key did not sign it.",
        fix: "Get the list from the authority again; a list that was tampered with looks like this.")
    package static let revocationListOtherIssuer = Reason(
        2234, "A revocation list comes from another authority", origin: .configuration,
        explanation: """
            The authority has no certificate of the name that issued the list, and none of its intermediates could have.
            """,
        fix: "Name the list under the authority that issued it, or correct the path or URL.")
    package static let revocationListStale = Reason(
        2235, "A revocation list is out of date", origin: .configuration,
        explanation: """
            The time is past the list's nextUpdate or `crlMaxAge`, or before its thisUpdate. What it says to be revoked \
            stays refused; for other certificates the status is unknown.
            """,
        fix: "Have the authority publish a new list, and see that it gets here. Compare the clocks as well.")
    package static let revocationListUnsupported = Reason(
        2236, "A revocation list is of a kind that is not understood", origin: .configuration,
        explanation: """
            It is version 1, an indirect list, without nextUpdate, signed with a forbidden algorithm, or has a critical \
            extension that is not known. A list that is not understood in full is not used.
            """,
        fix: "Have the authority publish a complete list as RFC 5280 section 5 asks for.")
    package static let revocationListTooLarge = Reason(
        2237, "A revocation list is too large", origin: .configuration,
        explanation: "It has more than 32 MiB or more than 1,000,000 entries.",
        fix: "Have the authority split its list, or drop expired certificates from it.")
    package static let revocationListUnreachable = Reason(
        2238, "A revocation list could not be fetched", origin: .upstream,
        explanation: "The server of the list did not answer as it should. The last good list stays in use.",
        fix: "Try the URL from this machine: curl -v URL. It is tried again by itself, less and less often.")
    package static let revocationListOlder = Reason(
        2239, "A revocation list is older than the one in use", origin: .upstream,
        explanation: "Its number or date is lower, as when somebody replays an old list. The newer one stays in use.",
        fix: "Look at what is published: openssl crl -text -noout shows number and dates.")

    // MARK: OCSP

    package static let statusResponseMalformed = Reason(
        2240, "An OCSP response cannot be read", origin: .upstream,
        explanation: "The answer is not an OCSP response in DER, is damaged, or has more than 64 KiB.",
        fix: "Ask the responder by hand: openssl ocsp -issuer CA.pem -cert CERT.pem -url URL -text")
    package static let statusResponseUntrusted = Reason(
        2241, "An OCSP response cannot be trusted", origin: .upstream,
        explanation: """
            It is signed neither by the certificate's issuer nor by a responder that the issuer appointed with the \
            extended key usage OCSPSigning, or it answers another question, or it is out of date.
            """,
        fix: "Find out who answers at the URL; compare the clocks; have the authority appoint its responder properly.")
    package static let statusResponderUnavailable = Reason(
        2242, "An OCSP responder gives no answer", origin: .upstream,
        explanation: "It cannot be reached, or says that it is busy, not authorised, or does not understand.",
        fix: "Try the URL from this machine. It is tried again by itself, less and less often.")

    // MARK: The deny list

    package static let denyEntryInvalid = Reason(
        2244, "That cannot stand on the deny list", origin: .configuration,
        explanation: """
            A line names a serial number in hexadecimal (and perhaps its issuer), the SHA-256 of a public key, a SPIFFE \
            ID, or an issuer.
            """,
        fix: """
            Take serial number, SPIFFE ID and issuer from sallyport cert inspect FILE or from the log. The SHA-256 of a \
            key: openssl x509 -in CERT.pem -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum
            """)
    package static let denyEntryMissing = Reason(
        2245, "That is not on the deny list", origin: .configuration,
        explanation: "There is no line of exactly these values, so there is nothing to take back.",
        fix: "See the list: sallyport cert denied")
    package static let denyListUnusable = Reason(
        2246, "The deny list cannot be used", origin: .configuration,
        explanation: "The file in the state directory cannot be read, or a line of it is damaged. Nothing is guessed.",
        fix: "Restore revocation/denied.json of the state directory from a backup, or correct it by hand.")

    static let revocationReasons = [
        certificateStatusUnknown, certificateDenied, revocationListMalformed, revocationListForged,
        revocationListOtherIssuer, revocationListStale, revocationListUnsupported, revocationListTooLarge,
        revocationListUnreachable, revocationListOlder, statusResponseMalformed, statusResponseUntrusted,
        statusResponderUnavailable, denyEntryInvalid, denyEntryMissing, denyListUnusable,
    ]
}
