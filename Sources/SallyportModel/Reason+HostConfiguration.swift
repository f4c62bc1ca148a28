/// Errors and warnings about rules by server name: 1310 … 1319 errors, 1320 … 1329 warnings.
extension Reason {
    package static let hostTwice = configuration(
        1310, "Server name stands twice",
        "Two entries of `hosts` are for the same name, and only one of them could hold.",
        fix: "Merge the two entries.")
    package static let hostIsAddress = configuration(
        1311, "An address is no server name",
        """
        Clients name the server in the handshake by its DNS name only (RFC 6066 section 3), so rules for an address \
        would never be asked.
        """,
        fix: "Set the rules on the listener itself: they hold for clients that name no server.")
    package static let hostOutsideCertificates = configuration(
        1312, "No certificate bears the server name",
        """
        The handshake for this name would have no certificate to show, and every client would be refused.
        """,
        fix: "Add the name to `names`, or give the host a certificate that bears it.")
    package static let routeLoosens = configuration(
        1313, "A route cannot loosen client authentication",
        """
        Which certificate a client must show is decided in the handshake, before any request is read. A route can \
        ask for more afterwards, never for less.
        """,
        fix: "Give the host a profile of its own in `listeners.NAME.tls.hosts`, and remove the key from the route.")
    package static let requiredWhereNeverAsked = configuration(
        1314, "A certificate is required where none is asked for",
        "The route requires a client certificate, and every listener and host it is reached on has mode none.",
        fix: "Use a profile with `mode: optional` or `require` there.")
    package static let guidelineForOtherBase = configuration(
        1315, "Guideline without a table for the base",
        "A guideline is an edition of published tables. This one has none for the profile's base.",
        fix: "Name one that the message lists, or remove the key to have the newest.")
    package static let hostWeakerThanWildcard = configuration(
        1320, "Weaker than the wildcard around it",
        """
        The exact name wins over the wildcard, so clients of this name are asked for less than those of its \
        neighbours.
        """,
        fix: "If that is not meant, give the host the wildcard's profile. What holds: sallyport check --policies")

    static let hostConfigurationReasons = [
        hostTwice, hostIsAddress, hostOutsideCertificates, routeLoosens, requiredWhereNeverAsked,
        guidelineForOtherBase, hostWeakerThanWildcard,
    ]
}
