import SallyportModel

/// Looks at the sections together: names that refer to each other, weakenings, routes that hide each other. Each
/// section's part stands in the section's own file.
struct ConfigurationCheck {
    let draft: ConfigurationDraft
    let session: LoadSession
    private(set) var acceptedRisks: [AcceptedRisk] = []
    let identityNames: Set<String>
    let groupNames: Set<String>
    // Sections that were checked, for those that come after them.
    private(set) var identities: [IdentityRule] = []
    private(set) var groups = IdentityGroups()
    private(set) var policies: [Policy] = []

    init(_ draft: ConfigurationDraft, session: LoadSession) {
        self.draft = draft
        self.session = session
        identityNames = Set(draft.identities?.map(\.name) ?? [])
        groupNames = Set(draft.groups?.map(\.name) ?? [])
    }

    /// The checked configuration; nil when there is any error, all of which have been reported.
    mutating func run() -> Configuration? {
        let authorities = authorities()
        let profiles = tlsProfiles()
        identities = checkedIdentities()
        let listeners = listeners(profiles: profiles)
        let clients = RouteClients(listeners, profiles)
        groups = checkedGroups(trustsBuiltin: draft.admin != nil || clients.trustBuiltin)
        policies = checkedPolicies()
        let cluster = cluster()
        var upstreams = upstreams()
        let routes = routes(clients, upstreams: &upstreams)
        let admin = admin()
        let acme = acme(profiles: profiles)
        let enrolment = enrolment(profiles: profiles)
        let accessLog = accessLog()
        let metrics = metrics()
        let tracing = tracing()
        let audit = audit()
        if session.hasErrors { return nil }
        var configuration = Configuration(
            listeners: listeners, tlsProfiles: profiles, authorities: authorities, identities: identities,
            upstreams: upstreams, routes: routes, limits: baselineLimits, admin: admin, acme: acme,
            enrolment: enrolment, accessLog: accessLog, shutdown: draft.shutdown,
            acceptedRisks: acceptedRisks, sources: session.paths)
        configuration.groups = groups
        configuration.edge = draft.edge
        configuration.policies = policies
        configuration.cluster = cluster
        configuration.metrics = metrics
        configuration.tracing = tracing
        configuration.audit = audit
        return configuration
    }

    /// Records a weakening with the operator's reason, or reports that there is none.
    ///
    /// - Parameter what: The weakening in words; nil when there is none, and a reason would be out of place.
    mutating func accept(_ what: String?, _ because: Because, path: KeyPath, at span: Span?, fix: String) {
        switch (what, because.text) {
        case (nil, nil): break
        case (_?, nil) where because.isGiven: break
        case (let what?, let because?):
            acceptedRisks.append(AcceptedRisk(path: path.text, what: what, because: because.value))
        case (let what?, nil):
            session.report(
                .becauseMissing, "\(what), and the file does not say why", at: span, label: "weaker than the default",
                help: [fix], path: path)
        case (nil, let because?):
            // Where something is wrong, it may be just the weakening.
            if session.hasErrors { return }
            session.warn(
                .withoutEffect, "`because` stands here, but nothing is weaker than the default", at: because.span,
                help: ["remove it, so that the accepted risks stay true"], path: because.path)
        }
    }

    /// Reports a name that no section defines.
    ///
    /// - Parameter known: Nil when the section is bad as a whole, so that nothing can be said.
    func reference(_ name: Located<String>, to noun: String, known: [String]?, section: String) {
        guard let known, !known.contains(name.value) else { return }
        let near = Spelling.nearest(to: name.value, among: known)
        let list = known.isEmpty ? "\(section) defines none" : "defined: " + known.prefix(12).joined(separator: ", ")
        session.report(
            .unknownReference, "`\(name.value)` is not the name of \(noun)", at: name.span,
            label: "not defined in \(section)", help: [near.map { "did you mean `\($0)`?" } ?? list], path: name.path)
    }
}
