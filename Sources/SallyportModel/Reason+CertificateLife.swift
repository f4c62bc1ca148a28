/// What may stand in the way of certificates that live and end: warnings of a configuration (152x), and the built-in
/// authority's rotation and registry (2266 to 2279).
extension Reason {
    // MARK: 152x What a configuration's certificates will come to

    package static let bundleCertificateExpired = Reason(
        1520, "A certificate in a trust bundle has expired", origin: .configuration,
        explanation: """
            The bundle is used without it: what it issued is refused. While another certificate of the bundle is in \
            time this is a warning; when none is, the file is refused.
            """,
        fix: "Take it out of the bundle, or put the authority's new certificate in: sallyport cert inspect FILE")
    package static let certificateExpiresSoon = Reason(
        1521, "A certificate expires soon", origin: .configuration,
        explanation: """
            Less is left than check --fail-if-expiring asks for, or less than a tenth of its life. What renews itself \
            is not counted while it is renewed in time.
            """,
        fix: "Renew it and reload. What the built-in authority issued: sallyport cert renew NAME, sallyport ca rotate")
    package static let allowedNameNotIssued = Reason(
        1522, "No certificate can bear this name", origin: .configuration,
        explanation: """
            The route allows a client of the built-in authority to which no valid certificate was ever issued on this \
            machine, so nobody can be that client yet.
            """,
        fix: "Issue one: sallyport cert client NAME, or correct the name.")
    package static let certificateChainDisordered = Reason(
        1523, "A certificate chain is not in order", origin: .configuration,
        explanation: """
            Each certificate should be followed by its issuer. The gateway sends the chain in order and leaves out \
            what does not belong to it; other programs that read the file may not.
            """,
        fix: "Write the file anew: the leaf, then the authority that issued it, then the next one.")
    package static let certificateTwice = Reason(
        1524, "A certificate stands twice in a file", origin: .configuration,
        explanation: "The second one changes nothing. It often comes from appending to a file instead of replacing it.",
        fix: "Remove one of them.")

    // MARK: 2266 to 2279 The built-in authority

    package static let rotationImpossible = Reason(
        2266, "The authority cannot be rotated now", origin: .configuration,
        explanation: """
            Former authorities stay trusted until what they issued has expired. Only one former root and 64 former \
            intermediates can be in that state, and a root must leave room in its path length for the next one.
            """,
        fix: "See what is in overlap: sallyport ca show. End the overlap: sallyport ca rotate --finish")
    package static let rootKeyMissing = Reason(
        2267, "The root's key is not here", origin: .configuration,
        explanation: """
            Only the root's key can sign an intermediate or the next root. Everything else goes on without it, as is \
            meant when it is kept offline.
            """,
        fix: "Bring the key and name it: sallyport ca rotate --root-key FILE")
    package static let registryFull = Reason(
        2268, "The built-in authority has issued too many certificates", origin: .configuration,
        explanation: """
            The registry of certificates that are still valid, or were not long ago, has reached its limit of 48 MiB.
            """,
        fix: "Issue certificates for fewer clients or with a longer life; wait until others have expired.")
    package static let certificateStillValid = Reason(
        2269, "There is a valid certificate of this name", origin: .configuration,
        explanation: "Issuing another one would overwrite the key and the certificate that are in use.",
        fix: "Renew it: sallyport cert renew NAME. To overwrite the files all the same: --yes")

    static let certificateLifeReasons = [
        bundleCertificateExpired, certificateExpiresSoon, allowedNameNotIssued, certificateChainDisordered,
        certificateTwice, rotationImpossible, rootKeyMissing, registryFull, certificateStillValid,
    ]
}
