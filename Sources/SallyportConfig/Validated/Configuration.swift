import SallyportModel

/// A configuration that was read, checked and found good: references resolve, ranges hold, paths are absolute.
///
/// Only `ConfigurationLoader` makes one from a document. Everything above this target takes it as a fact.
package struct Configuration: Sendable {
    package var listeners: [Listener]
    package var tlsProfiles: [String: TLSProfile]
    package var authorities: [String: Authority]
    /// In the order of the file: the first match names a connection in the logs.
    package var identities: [IdentityRule]
    package var groups = IdentityGroups()
    package var upstreams: [String: Upstream]
    /// In the order of the file.
    package var routes: [Route]
    package var limits: Limits
    /// `baseline` first.
    package var policies = [Policy(name: Policy.baseline)]
    package var edge = EdgeLimits()
    /// Where gateways count together; nil: each by itself.
    package var cluster: ClusterStore?
    package var admin: Admin?
    package var acme: ACMEServerSettings?
    package var enrolment: EnrolmentSettings?
    package var accessLog: AccessLog
    /// Nil: nobody can read what is counted.
    package var metrics: MetricsSettings?
    /// Nil: requests are not traced.
    package var tracing: TraceSettings?
    package var audit = AuditSettings()
    package var shutdown: Shutdown
    package var acceptedRisks: [AcceptedRisk]
    /// Every file that was read, absolute; `--watch` looks at these.
    package var sources: [String]

    package init(
        listeners: [Listener] = [], tlsProfiles: [String: TLSProfile] = [:], authorities: [String: Authority] = [:],
        identities: [IdentityRule] = [], upstreams: [String: Upstream] = [:], routes: [Route] = [],
        limits: Limits = Limits(), admin: Admin? = nil, acme: ACMEServerSettings? = nil,
        enrolment: EnrolmentSettings? = nil, accessLog: AccessLog = AccessLog(), shutdown: Shutdown = Shutdown(),
        acceptedRisks: [AcceptedRisk] = [], sources: [String] = []
    ) {
        self.listeners = listeners
        self.tlsProfiles = tlsProfiles
        self.authorities = authorities
        self.identities = identities
        self.upstreams = upstreams
        self.routes = routes
        self.limits = limits
        self.admin = admin
        self.acme = acme
        self.enrolment = enrolment
        self.accessLog = accessLog
        self.shutdown = shutdown
        self.acceptedRisks = acceptedRisks
        self.sources = sources
    }
}

extension Configuration {
    /// Whom a list of identities and groups stands for.
    package func identityNames(_ allow: Allow) -> [String] {
        switch allow {
        case .anyone: []
        case .identities(let names): groups.expanded(names)
        }
    }

    /// Names of the identities that may use the admin listener.
    package var administrators: [String] { groups.expanded(admin?.admins ?? []) }

    /// What the route is under, `baseline` first.
    package func policies(of route: Route) -> [Policy] {
        policies.filter { $0.name == Policy.baseline }
            + route.policies.compactMap { name in policies.first { $0.name == name } }
    }
}

/// Where a secret is to be found; never the secret itself.
package enum SecretReference: Sendable, Hashable {
    case environment(String)
    /// Absolute path.
    case file(String)
    /// A systemd credential: a file of this name in `$CREDENTIALS_DIRECTORY`.
    case credential(String)
}

/// A weakening that the operator took responsibility for.
package struct AcceptedRisk: Sendable, Hashable {
    /// The key, as in `tlsProfiles.website.clientCertificates`.
    package var path: String
    /// What is weaker than the default, in words.
    package var what: String
    /// The operator's reason, from the file.
    package var because: String

    package init(path: String, what: String, because: String) {
        self.path = path
        self.what = what
        self.because = because
    }
}

/// The built-in names that need no section of their own.
package enum Builtin {
    /// `pki.authorities` entry of Sallyport's own CA; it exists even when the file does not name it.
    package static let authority = "local"
    /// The profile of a listener that names none: `intermediate`, client certificate required, trust `local`.
    package static let profile = "default"
}
