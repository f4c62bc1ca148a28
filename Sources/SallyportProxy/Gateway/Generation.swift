import Logging
import NIOCore
import SallyportAccess
import SallyportConfig
import SallyportHTTP
import SallyportLimits
import SallyportModel
import SallyportPKI
import SallyportTLS
import SallyportTelemetry

/// One configuration, compiled and ready to serve. Immutable; whoever began under it ends under it.
package final class Generation: Sendable {
    /// Counts up from 1 with every successful load.
    let number: Int
    let configuration: Configuration
    let routes: RouteTable
    /// By listener name.
    let tls: [String: ListenerTLSContext]
    /// What the gateway itself answers, by listener name.
    let services: [String: LocalMounts]
    /// By upstream name.
    let upstreams: [String: UpstreamPlan]
    let httpLimits: HTTPLimits
    /// By listener name: who may say for whom it speaks.
    let proxyTrust: [String: ProxyTrust]
    let certificates: [ServedCertificate]
    let lifetimes: [CertificateLifetime]
    /// Certificates that its listeners want from ACME servers, each of them once.
    let acme: [ACMEPlan]
    /// What the built-in authority issued for it, by names; the next generation goes on with what is young.
    let issued: [String: IssuedCredential]
    /// What its files held; a refresh goes on with that.
    let files: ReadFiles
    let revocation: RevocationPlan
    /// What callers are checked with; shared by all generations.
    let callers: CallerKeeper
    let accessLog: AccessLogOwner
    /// Nil: requests are not traced.
    let tracing: TracingPlan?
    /// Who takes the traces.
    let collector: Collector?
    /// Where gateways count together.
    let cluster: ClusterMembership?
    /// Nil: there is no trail, as in tests.
    let audit: AuditRules?
    /// Seconds since 1970.
    let loadedAt: Int64

    init(
        number: Int, configuration: Configuration, tls: [String: ListenerTLSContext], services: [String: LocalMounts],
        upstreams: [String: UpstreamPlan], certificates: [ServedCertificate], lifetimes: [CertificateLifetime],
        acme: [ACMEPlan], issued: [String: IssuedCredential], files: ReadFiles, revocation: RevocationPlan,
        callers: CallerKeeper, accessLog: AccessLogOwner, cluster: ClusterMembership? = nil, collector: Collector? = nil,
        audit: AuditRules? = nil,
        limiters: LimiterRegistry = LimiterRegistry(), loadedAt: Int64
    ) {
        self.callers = callers
        self.number = number
        self.configuration = configuration
        self.tls = tls
        self.services = services
        self.upstreams = upstreams
        self.certificates = certificates
        self.lifetimes = lifetimes
        self.acme = acme
        self.issued = issued
        self.files = files
        self.revocation = revocation
        self.accessLog = accessLog
        self.collector = collector
        tracing = configuration.tracing.map(TracingPlan.init)
        self.cluster = cluster
        self.audit = audit
        self.loadedAt = loadedAt
        routes = RouteTable(configuration, limiters: limiters)
        proxyTrust = Dictionary(configuration.listeners.map { ($0.name, $0.proxyProtocol) }) { first, _ in first }
            .compactMapValues(\.self)
        let limits = configuration.limits
        httpLimits = HTTPLimits(headers: limits.headers, headerCount: limits.headerCount, body: limits.body)
    }
}

/// A certificate that a listener shows.
package struct ServedCertificate: Sendable, Encodable {
    package var listener: String
    package var subject: String
    package var notBefore: Int64
    package var notAfter: Int64
    /// It comes from the built-in authority and is replaced at about two thirds of its life.
    package var renewsItself: Bool
}

/// Ends the access log's thread when the last exchange that may write to it is gone.
final class AccessLogOwner: Sendable {
    let logger: AccessLogger
    let settings: AccessLog

    init(_ logger: AccessLogger, settings: AccessLog) {
        self.logger = logger
        self.settings = settings
    }

    /// Opens the file anew: what log rotation asks of a reload. On failure the file that is open goes on.
    func reopen(reportingTo events: Logger) {
        guard let output = LogOutput(settings.to) else { return }
        do throws(LogOutputError) { try logger.redirect(to: output) } catch {
            events.warning("access log not reopened", metadata: ["error": "\(error)"])
        }
    }

    deinit {
        let logger = self.logger
        Task.detached { logger.close() }
    }
}

/// What one listener does with requests, looked up once for each connection and generation.
struct ListenerRules {
    let plan: ListenerTLSPlan
    /// What the gateway itself answers.
    let services: LocalMounts?
    let routes: HostTable?
    let baseline: CompiledPolicy
}

/// A generation as one event loop sees it: with the connections to upstreams that this loop opened under it.
final class GenerationView {
    let generation: Generation
    /// Of the upstreams that were asked for so far.
    private var pools: [String: UpstreamPool] = [:]
    /// By position of the route.
    private let series: [RouteSeries]
    private let unrouted: RouteSeries

    init(_ generation: Generation, _ metrics: LoopMetrics) {
        self.generation = generation
        unrouted = metrics.unrouted
        series = metrics.adopt(
            routes: generation.configuration.routes.map(\.name), upstreams: Set(generation.upstreams.keys),
            listeners: Set(generation.tls.keys))
    }

    /// What is counted of a route's requests, or of those without one.
    func series(of route: CompiledRoute?) -> RouteSeries {
        guard let route, series.indices.contains(route.position) else { return unrouted }
        return series[route.position]
    }

    /// Responses come from the operator's own services: more room than for clients, and still a bound.
    private static let responseLimits = HTTPLimits(startLine: 8192, fieldLine: 65_536, headers: 131_072, headerCount: 256)

    /// Nil for a listener that this configuration doesn't have, or that is not for clients.
    func rules(of listener: String) -> ListenerRules? {
        guard let tls = generation.tls[listener] else { return nil }
        return ListenerRules(
            plan: tls.plan, services: generation.services[listener], routes: generation.routes.routes(of: listener),
            baseline: generation.routes.baseline)
    }

    /// - Parameter loop: the one that the view belongs to.
    func pool(named name: String, on loop: LoopState) -> UpstreamPool? {
        if let pool = pools[name] { return pool }
        guard let plan = generation.upstreams[name] else { return nil }
        let pool = UpstreamPool(plan: plan, loop: loop, limits: Self.responseLimits)
        pools[name] = pool
        return pool
    }

    func sweep(now: NIODeadline) {
        for pool in pools.values { pool.sweep(now: now) }
    }

    func retire() {
        for pool in pools.values { pool.retire() }
    }
}
