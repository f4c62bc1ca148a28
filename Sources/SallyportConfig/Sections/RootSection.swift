import SallyportModel

/// The top level of a configuration file: one line for each section.
enum RootSection {
    static let version = Field(
        "version", .version(), required: true,
        "The version of the configuration rules that the file was written for; this program knows 1.")
    static let include = Field(
        "include",
        .list(of: .text("a path, in which `*` and `?` stand for parts of a file name", examples: ["conf.d/*.yaml"])),
        otherwise: "no other file",
        """
        Further files to read: their sections are merged, their lists joined behind this file's; paths are relative \
        to this file.
        """)
    static let admin = Field(
        "admin", AdminSection.type, otherwise: "no admin listener",
        "The admin listener, which shows the gateway's state.")
    static let pki = Field(
        "pki", PKISection.type, "Authorities whose certificates are trusted, and how the built-in one issues.")
    static let tlsProfiles = Field(
        "tlsProfiles", .named(TLSProfileSection.type, noun: "TLS profile"),
        otherwise: "the profile `default`: base intermediate, client certificate required, trust [local]",
        "How listeners speak TLS and what they ask of clients, under names that `listeners.NAME.tls.profile` uses.")
    static let identities = Field(
        "identities", .named(IdentitySection.type, noun: "identity"),
        otherwise: "only clients of the built-in authority, by their names",
        "Who clients are: rules on certificates, under names that `allow` uses.")
    static let groups = Field(
        "groups", .named(GroupSection.type, noun: "group"), otherwise: "none",
        "Identities under one name, which `allow`, `admins` and conditions use like that of an identity.")
    static let listeners = Field(
        "listeners", .named(ListenerSection.type, noun: "listener"), required: true,
        "Addresses to listen on.")
    static let upstreams = Field(
        "upstreams", .named(UpstreamSection.type, noun: "upstream"), otherwise: "only URLs in `routes[].to`",
        "Servers behind the gateway, under names that `routes[].to` uses.")
    static let policies = Field(
        "policies", .named(PolicySection.type, noun: "policy"), otherwise: "only the defaults of `baseline`",
        """
        What is demanded of requests, and changed about them, under names that `routes[].policies` uses; `baseline` \
        holds for every route.
        """)
    static let cluster = Field(
        "cluster", ClusterSection.type, otherwise: "each gateway is by itself",
        "What several gateways share, and where.")
    static let limits = Field(
        "limits", EdgeLimitsSection.type, "What the gateway takes on in all, and from each client at most.")
    static let routes = Field(
        "routes", .list(of: RouteSection.type, count: 0...10_000, unique: false),
        otherwise: "none: every request is answered 404",
        "Which requests go where, and for whom; the most specific route wins, and the first of equals.")
    static let observability = Field("observability", ObservabilitySection.type, "What is recorded about requests.")

    static let audit = Field(
        "audit", AuditSection.type, otherwise: "what operators do is recorded, and kept for ever",
        "What is recorded in the audit trail, and for how long.")
    static let shutdown = Field(
        "shutdown", ShutdownSection.type, "How the gateway leaves when it is stopped or replaced.")

    static let type = ValueType.record(
        "a configuration",
        [
            version.row, include.row, admin.row, pki.row, tlsProfiles.row, identities.row, groups.row,
            listeners.row, upstreams.row, policies.row, cluster.row, limits.row, routes.row, observability.row, audit.row,
            shutdown.row,
        ]
    ) { record in
        ConfigurationDraft(
            admin: record[admin]?.value,
            authorities: record.has(pki.row.name) ? record[pki]?.value.authorities : [],
            acme: record[pki]?.value.acme,
            enrolment: record[pki]?.value.enrolment,
            profiles: record.entries(tlsProfiles),
            identities: record.entries(identities),
            groups: record.entries(groups),
            listeners: record.entries(listeners),
            listenersSpan: record.entries.first { $0.key == listeners.row.name }?.keySpan,
            upstreams: record.entries(upstreams),
            policies: record.entries(policies), cluster: record[cluster],
            edge: record[limits]?.value ?? EdgeLimits(),
            routes: record[routes]?.value ?? [],
            hasRoutes: record.has(routes.row.name),
            observability: record[observability]?.value, audit: record[audit],
            shutdown: record[shutdown]?.value ?? Shutdown(),
            span: record.span)
    }

    /// Whether the key is about its own file and not about the merged configuration.
    static func isPerFile(_ key: String) -> Bool {
        key == version.row.name || key == include.row.name
    }
}

extension RecordReader {
    /// The entries of a section: none when it is absent, nil when it is bad.
    fileprivate func entries<Value>(_ field: Field<[Named<Value>]>) -> [Named<Value>]? {
        has(field.row.name) ? self[field]?.value : []
    }
}

extension ValueType<Int> {
    static func version() -> ValueType {
        let shape = ScalarShape(words: "the number 1", examples: ["1"], json: .integer, bounds: 1...1)
        return .scalar(shape, text: String.init) { text throws(ValueError) in
            if text == "1" { return 1 }
            throw ValueError(
                reason: .unsupportedVersion, message: "version \"\(text)\" is not supported",
                label: "this program knows version 1", help: ["write version: 1"])
        }
    }
}

/// Sections as they were read, each good in itself, before references between them are looked at.
struct ConfigurationDraft: Sendable {
    var admin: AdminDraft?
    // Sections that others refer to are nil when they are bad as a whole, and empty when they are absent.
    var authorities: [Named<AuthorityDraft>]?
    var acme: Located<ACMEDraft>?
    var enrolment: Located<EnrolmentDraft>?
    var profiles: [Named<ProfileDraft>]?
    var identities: [Named<IdentityDraft>]?
    var groups: [Named<[Located<String>]>]?
    var listeners: [Named<ListenerDraft>]?
    var listenersSpan: Span?
    var upstreams: [Named<UpstreamDraft>]?
    var policies: [Named<PolicyDraft>]?
    var cluster: Located<ClusterDraft>?
    var edge: EdgeLimits
    var routes: [Located<RouteDraft>]
    var hasRoutes: Bool
    var observability: ObservabilityDraft?
    var audit: Located<AuditDraft>?
    var shutdown: Shutdown
    var span: Span
}
