import Logging
import SallyportCluster
import SallyportConfig
import SallyportLimits
import SallyportModel
import SallyportPKI
import SallyportTLS
import SallyportTelemetry

/// Turns a checked configuration into a generation: reads keys and trust, issues certificates, builds TLS contexts.
///
/// All of it happens off the event loops, and all of it before anything is switched: a builder that throws has
/// changed nothing that serves.
struct GenerationBuilder {
    private let environment: GatewayEnvironment
    private let configuration: Configuration
    private let previous: Generation?
    private let issuing: IssuingServices
    private let keeper: RevocationKeeper
    private let callers: CallerKeeper
    private let limiters: LimiterRegistry
    /// Seconds since 1970.
    private let now: Int64
    private var files = ReadFiles()
    private var keepsFiles = false
    private var localAuthority: LocalAuthority?
    private var served: [ServedCertificate] = []
    private var issued: [String: IssuedCredential] = [:]
    private var acme: [ACMEPlan] = []
    private var acmeLeaves: [CertificateInventory.Issued] = []

    init(
        environment: GatewayEnvironment, configuration: Configuration, previous: Generation?, issuing: IssuingServices,
        keeper: RevocationKeeper, callers: CallerKeeper, limiters: LimiterRegistry
    ) {
        self.callers = callers
        self.limiters = limiters
        self.issuing = issuing
        self.keeper = keeper
        self.environment = environment
        self.configuration = configuration
        self.previous = previous
        now = UnixTime.seconds()
    }

    /// Goes on with what an older generation has read of the operator's files instead of reading them again.
    mutating func keepFiles(of generation: Generation) {
        files = generation.files
        keepsFiles = true
    }

    mutating func build(number: Int) throws(GatewayError) -> Generation {
        var tls: [String: ListenerTLSContext] = [:]
        for listener in configuration.listeners {
            guard case .tls(let settings) = listener.kind else { continue }
            tls[listener.name] = try listenerContext(listener.name, settings)
        }
        if let admin = configuration.admin { tls[AdminEndpoint.listenerName] = try adminContext(admin) }
        var upstreams: [String: UpstreamPlan] = [:]
        for (name, upstream) in configuration.upstreams {
            upstreams[name] = UpstreamPlan(
                upstream, tls: try upstreamContext(upstream), board: previous?.upstreams[name]?.board)
        }
        let services = try issuing.mounts(configuration) { reference throws(GatewayError) in
            try readSecret(reference)
        }
        try readTokenMaterials()
        return Generation(
            number: number, configuration: configuration, tls: tls, services: services, upstreams: upstreams,
            certificates: served, lifetimes: lifetimes(), acme: acme, issued: issued, files: files,
            revocation: try revocationPlan(), callers: callers, accessLog: try accessLog(), cluster: try cluster(),
            collector: try collector(),
            audit: environment.audit.map { AuditRules($0, configuration.audit, generation: number) }, limiters: limiters,
            loadedAt: now)
    }

    private func revocationPlan() throws(GatewayError) -> RevocationPlan {
        try pki { () throws(PKIError) in
            try RevocationPlan(
                configuration, anchors: files.bundles.mapValues(\.anchors), local: localAuthority, state: environment.state,
                held: keeper.held, readsFiles: !keepsFiles)
        }
    }

    private mutating func readSecret(_ reference: SecretReference) throws(GatewayError) -> [UInt8] {
        if let known = files.secrets[reference] { return known }
        do throws(SecretError) {
            let secret = try environment.secrets.read(reference)
            files.secrets[reference] = secret
            return secret
        } catch {
            throw .secret(error)
        }
    }

    /// Secrets and authorities that tokens are checked with, or asked about.
    private mutating func readTokenMaterials() throws(GatewayError) {
        for policy in configuration.policies.flatMap({ [$0.jwt, $0.introspection].compactMap(\.self) }) {
            if let secret = policy.introspection?.secret { _ = try readSecret(secret) }
            if case .secret(let reference) = policy.keys { _ = try readSecret(reference) }
            guard !policy.trust.isEmpty else { continue }
            var anchors: [TrustAnchor] = []
            for name in policy.trust { anchors += try trustAnchors(name) }
            files.issuers[policy.trust] = anchors
        }
    }

    // MARK: listeners

    private mutating func listenerContext(
        _ name: String, _ settings: ListenerTLS
    ) throws(GatewayError) -> ListenerTLSContext {
        let plan = ListenerTLSPlan(settings)
        var credentials: [ServerCertificate: CredentialPair] = [:]
        for certificate in plan.policies.flatMap(\.certificates) where credentials[certificate] == nil {
            credentials[certificate] = try serverCredential(listener: name, certificate)
        }
        try pki { () throws(PKIError) in
            try HostCoverage.check(settings, listener: name, credentials: credentials)
        }
        return try ListenerTLSContext(plan) { policy throws(GatewayError) in
            try serverContext(name, policy, credentials, settings.protocols)
        }
    }

    private mutating func serverContext(
        _ name: String, _ policy: ListenerTLSPlan.Policy, _ known: [ServerCertificate: CredentialPair],
        _ protocols: [ListenerProtocol]
    ) throws(GatewayError) -> ServerTLSContext {
        let profile = configuration.tlsProfiles[policy.profile] ?? TLSProfile()
        let credentials = policy.certificates.compactMap { known[$0] }
        let awaited = policy.certificates.filter { known[$0] == nil }.flatMap { $0.namesInFile ?? [] }
        let clients = profile.clientCertificates.mode == .none ? nil : try clientTrust(profile.clientCertificates)
        return try pki { () throws(PKIError) in
            try ServerTLSContext(
                profile: profile, credentials: credentials, awaited: awaited, source: "listener \(name)",
                clients: clients, isServing: keepsFiles, protocols: protocols)
        }
    }

    /// The admin listener trusts whoever some listener trusts to vouch for clients, and the built-in authority; an
    /// authority that is there for upstreams names no admins. Who of their clients gets in is `admins`.
    private mutating func adminContext(_ admin: Admin) throws(GatewayError) -> ListenerTLSContext {
        var trust = Set([Builtin.authority])
        for listener in configuration.listeners {
            guard case .tls(let settings) = listener.kind else { continue }
            let clients = (configuration.tlsProfiles[settings.profile] ?? TLSProfile()).clientCertificates
            if clients.mode != .none { trust.formUnion(clients.trust) }
        }
        let profile = TLSProfile(base: Admin.base, clientCertificates: ClientCertificates(trust: trust.sorted()))
        let certificate = ServerCertificate.builtin(names: admin.names)
        let credential = try issuedCredential(admin.names)
        try report(credential, listener: AdminEndpoint.listenerName, renewsItself: true)
        let clients = try clientTrust(profile.clientCertificates)
        let context = try pki { () throws(PKIError) in
            try ServerTLSContext(profile: profile, credentials: [credential], source: "admin", clients: clients,
                protocols: ListenerProtocol.allCases)
        }
        let plan = ListenerTLSPlan(ListenerTLS(profile: Builtin.profile, certificate: certificate))
        return ListenerTLSContext(plan) { _ in context }
    }

    private mutating func clientTrust(_ settings: ClientCertificates) throws(GatewayError) -> ClientTrust {
        var all: [TrustAnchor] = []
        for name in settings.trust { all += try trustAnchors(name) }
        return ClientTrust(
            anchors: all, revocation: keeper.feed, maxDepth: settings.maxDepth, 
            rules: IdentityRules(configuration.identities, groups: configuration.groups))
    }

    /// Nil while an ACME server has not issued the certificate yet.
    private mutating func serverCredential(
        listener: String, _ certificate: ServerCertificate
    ) throws(GatewayError) -> CredentialPair? {
        switch certificate {
        case .files(let path, let key):
            let credential = try readCredential(certificate: path, key: key)
            try report(credential, listener: listener, renewsItself: false)
            return credential
        case .builtin(let names):
            let credential = try issuedCredential(names)
            try report(credential, listener: listener, renewsItself: true)
            return credential
        case .acme(let settings):
            guard let credential = try acmeCredential(settings) else { return nil }
            try report(credential, listener: listener, renewsItself: true)
            return credential
        }
    }

    private mutating func report(_ credential: CredentialPair, listener: String, renewsItself: Bool) throws(GatewayError) {
        for warning in credential.warnings {
            environment.logger.warning("certificate of a listener", metadata: ["listener": "\(listener)", "warning": "\(warning)"])
        }
        if let leaf = credential.chain.first {
            served.append(
                ServedCertificate(
                    listener: listener, subject: leaf.subject, notBefore: leaf.notBefore, notAfter: leaf.notAfter,
                    renewsItself: renewsItself))
        }
    }

    /// The certificate in the store; nil when there is none that can be shown. A damaged store stops nothing that
    /// serves: the operator is told, and a new certificate is ordered.
    private mutating func acmeCredential(_ settings: ACMESettings) throws(GatewayError) -> CredentialPair? {
        var trust: [TrustAnchor] = []
        for name in settings.trust { trust += try trustAnchors(name) }
        let plan = try ACMEPlan(settings, trust: trust, secrets: environment.secrets)
        let isFirst = !acme.contains { $0.identifier == plan.identifier }
        if isFirst { acme.append(plan) }
        do throws(PKIError) {
            let credential = try plan.stored(in: ACMEStore(environment.state), at: now)
            if isFirst, let leaf = credential?.chain.first { acmeLeaves.append((settings.names, leaf)) }
            return credential
        } catch {
            environment.logger.error("stored ACME certificate", metadata: ["error": "\(error)"])
            return nil
        }
    }

    private mutating func readCredential(
        certificate path: String, key: SecretReference
    ) throws(GatewayError) -> CredentialPair {
        let place = PresentedCertificate(certificate: path, key: key)
        if let known = files.credentials[place] { return known }
        let credential = try loadCredential(certificate: path, key: key)
        files.credentials[place] = credential
        return credential
    }

    private func loadCredential(certificate path: String, key: SecretReference) throws(GatewayError) -> CredentialPair {
        let secret: [UInt8]
        do throws(SecretError) { secret = try environment.secrets.read(key) } catch { throw .secret(error) }
        return try pki { () throws(PKIError) in
            try CredentialPair(
                chain: PEMFile.certificates(at: path), key: PEMFile.privateKey(in: secret, source: "key of \(path)"),
                source: path, at: now)
        }
    }

    /// A certificate of the built-in authority for these names: the one in use while it is young, else a new one.
    private mutating func issuedCredential(_ names: [String]) throws(GatewayError) -> CredentialPair {
        let lifetime = leafLifetime
        let key = names.joined(separator: " ")
        let authority = try local()
        if let known = issued[key] ?? previous?.issued[key], !known.term.isDue(at: now), known.lifetime == lifetime,
            known.credential.chain.dropFirst().map(\.der) == authority.issuingChain
        {
            issued[key] = known
            return known.credential
        }
        let certificate = try pki { () throws(PKIError) in
            try authority.issueServer(names: names, lifetime: lifetime, at: now)
        }
        environment.recordIssued(certificate)
        let fresh = try pki { () throws(PKIError) in
            try IssuedCredential(certificate, for: names, lifetime: lifetime, at: now)
        }
        issued[key] = fresh
        return fresh.credential
    }

    private var leafLifetime: Duration {
        if case .builtin(let lifetime)? = configuration.authorities[Builtin.authority]?.source { return lifetime }
        return .seconds(86_400)
    }

    // MARK: trust

    private mutating func trustAnchors(_ name: String) throws(GatewayError) -> [TrustAnchor] {
        switch configuration.authorities[name]?.source {
        case .file(let path):
            if let known = files.bundles[name] { return known.anchors }
            let bundle = try pki { () throws(PKIError) in try TrustBundle(authority: name, path: path, at: now) }
            for warning in bundle.warnings {
                environment.logger.warning("trust bundle", metadata: ["authority": "\(name)", "warning": "\(warning)"])
            }
            files.bundles[name] = bundle
            return bundle.anchors
        case .builtin, nil:
            return try local().anchors
        }
    }

    private mutating func systemAnchors() throws(GatewayError) -> [TrustAnchor] {
        if let known = files.systemAnchors { return known }
        let anchors = try pki { () throws(PKIError) in try SystemTrust.anchors(at: now) }
        files.systemAnchors = anchors
        return anchors
    }

    private func lifetimes() -> [CertificateLifetime] {
        CertificateInventory(
            configuration, credentials: files.credentials, bundles: files.bundles, local: localAuthority
        ).lifetimes(issued: issued.values.compactMap { issued in issued.leaf.map { (issued.names, $0) } }, acme: acmeLeaves)
    }

    private mutating func local() throws(GatewayError) -> LocalAuthority {
        if let localAuthority { return localAuthority }
        let opened = try pki { () throws(PKIError) in try LocalAuthority.openOrCreate(environment.state, at: now) }
        localAuthority = opened
        return opened
    }

    // MARK: upstreams

    private mutating func upstreamContext(_ upstream: Upstream) throws(GatewayError) -> UpstreamTLSContext? {
        guard upstream.targets.contains(where: { $0.scheme == .https }) else { return nil }
        var trust: [TrustAnchor] = []
        for name in upstream.tls.trust { trust += try trustAnchors(name) }
        let isPublic = upstream.tls.trust.isEmpty
        if isPublic { trust = try systemAnchors() }
        var credential: CredentialPair?
        if let present = upstream.tls.present {
            credential = try readCredential(certificate: present.certificate, key: present.key)
        }
        return try pki { () throws(PKIError) in
            try UpstreamTLSContext(
                upstream.tls, trust: trust, isPublic: isPublic, credential: credential, source: "upstream \(upstream.name)")
        }
    }

    // MARK: cluster

    /// The membership that is there goes on if its settings are the same.
    private mutating func cluster() throws(GatewayError) -> ClusterMembership? {
        guard let store = configuration.cluster else { return nil }
        var password: [UInt8]?
        if let reference = store.password { password = try readSecret(reference) }
        let target = ClusterTarget(
            host: store.host, port: store.port, tls: try clusterContext(store), username: store.username,
            password: password)
        if let known = previous?.cluster, known.isSame(as: store, target), keepsFiles || store.tls == nil { return known }
        return ClusterMembership(store, target, logger: environment.logger)
    }

    private mutating func clusterContext(_ store: ClusterStore) throws(GatewayError) -> UpstreamTLSContext? {
        guard let tls = store.tls else { return nil }
        var upstream = Upstream(name: "cluster.valkey", targets: [], tls: tls)
        upstream.targets = [UpstreamTarget(scheme: .https, host: store.host, port: store.port)]
        return try upstreamContext(upstream)
    }

    // MARK: traces

    private mutating func collector() throws(GatewayError) -> Collector? {
        guard let settings = configuration.tracing, let url = FetchURL(settings.endpoint + "/v1/traces") else { return nil }
        var fields: [FetchField] = []
        for header in settings.headers {
            let value = String(decoding: try readSecret(header.value), as: UTF8.self)
            guard let field = FetchField(header.name, value) else {
                throw .secret(.unusable(header.value.text, "cannot stand in the field \(header.name)"))
            }
            fields.append(field)
        }
        var trust: [TrustAnchor] = []
        for name in settings.trust { trust += try trustAnchors(name) }
        return Collector(
            url: url, fields: fields, trust: settings.trust.isEmpty ? .system : .anchors(trust),
            resource: [
                ("service.name", settings.service), ("service.version", environment.version),
                ("service.instance.id", environment.instance), ("telemetry.sdk.name", "sallyport"),
                ("telemetry.sdk.language", "swift"),
            ], version: environment.version)
    }

    // MARK: log

    /// The log that is open goes on if its settings are the same.
    private func accessLog() throws(GatewayError) -> AccessLogOwner {
        let settings = configuration.accessLog
        if let previous = previous?.accessLog, previous.settings == settings { return previous }
        do throws(LogOutputError) {
            let logger = try AccessLogger(
                LogOutput(settings.to), format: LogFormat(settings.format), shards: environment.threads)
            return AccessLogOwner(logger, settings: settings)
        } catch {
            throw .accessLog(error.description)
        }
    }

    private func pki<Value>(_ work: () throws(PKIError) -> Value) throws(GatewayError) -> Value {
        do throws(PKIError) { return try work() } catch { throw .certificates(error) }
    }
}

/// What the operator's files held when they were read.
struct ReadFiles: Sendable {
    /// By name of the authority.
    var bundles: [String: TrustBundle] = [:]
    /// Of the operating system.
    var systemAnchors: [TrustAnchor]?
    var credentials: [PresentedCertificate: CredentialPair] = [:]
    var secrets: [SecretReference: [UInt8]] = [:]
    /// Of issuers of tokens, by names of authorities.
    var issuers: [[String]: [TrustAnchor]] = [:]

    var tokens: TokenMaterials { TokenMaterials(secrets: secrets, trust: issuers) }
}

/// A credential that the gateway had issued for itself; its key never leaves memory.
struct IssuedCredential: Sendable {
    let credential: CredentialPair
    let lifetime: Duration

    /// The names that it was issued for.
    let names: [String]
    let term: RenewalTerm

    init(_ certificate: IssuedCertificate, for names: [String], lifetime: Duration, at now: Int64) throws(PKIError) {
        credential = try certificate.credential(at: now)
        guard let leaf = credential.chain.first else {
            throw PKIError(.certificateFileEmpty, certificate.name, "there is no certificate")
        }
        self.lifetime = lifetime
        self.names = names
        term = RenewalTerm(leaf)
    }

    var leaf: ParsedCertificate? { credential.chain.first }
}

extension IssuedCertificate {
    /// What a TLS context takes.
    func credential(at now: Int64) throws(PKIError) -> CredentialPair {
        var certificates: [ParsedCertificate] = []
        for der in chain {
            do throws(ChainRefusal) { certificates.append(try ParsedCertificate(der: der)) } catch {
                throw PKIError(.authorityUnusable, name, error.detail)
            }
        }
        return try CredentialPair(chain: certificates, key: key, source: name, at: now)
    }
}

extension LogOutput {
    /// Nil for no log at all.
    init?(_ destination: AccessLog.Destination) {
        switch destination {
        case .stdout: self = .standardOutput
        case .stderr: self = .standardError
        case .file(let path): self = .file(path)
        case .none: return nil
        }
    }
}

extension LogFormat {
    init(_ format: AccessLog.Format) {
        switch format {
        case .json: self = .json
        case .text: self = .text
        }
    }
}
