import Glibc
import Logging
import NIOCore
import NIOPosix
import SallyportConfig
import SallyportEdge
import SallyportLimits
import SallyportModel
import SallyportPKI
import SallyportStore
import SallyportTLS
import SallyportTelemetry
import Synchronization

/// The running gateway: workers, listeners, and the generation that serves.
///
/// A reload is a transaction: everything that can fail (keys, trust, TLS, new addresses) is done before anything is
/// switched, and what fails leaves the running generation as it was. Reloads wait for each other.
package final class Gateway: Sendable {
    private let environment: GatewayEnvironment
    private let group: MultiThreadedEventLoopGroup
    private let workers: [Worker]
    private let startedAt: Int64
    private let state: Mutex<State>
    private let admin = AdminEndpoint()
    private let metrics = MetricsEndpoint()
    let telemetry: GatewayTelemetry
    private let exporter: TraceExporter
    private let notices = ExpiryNotices()
    private let issuing: IssuingServices
    private let keeper: RevocationKeeper
    private let callers: CallerKeeper
    private let limiters: LimiterRegistry
    private let watch: EdgeWatch
    private let upstreams: UpstreamKeeper
    private let journal = HandshakeJournal()
    private let challenges = PendingChallenges()
    private let acme = Mutex<ACMERenewal?>(nil)

    private struct State {
        var generation: Generation
        var listeners: [ListenerBinding] = []
        var lastReload: GatewayStatus.Reload
        var isDraining = false
        /// The newest reload; the next one waits for it.
        var reloads: Turn?
        var renewal: Task<Void, Never>?
        var revocation: Task<Void, Never>?
        var callers: Task<Void, Never>?
        var watch: Task<Void, Never>?
        /// Whether this process accepts connections.
        var isOpen = false
        /// Another process has the listening sockets and accepts from them.
        var isSucceeded = false
    }

    // MARK: start

    /// Builds everything and binds every listener. Connections wait in the queues until `open`.
    package static func start(
        configuration: Configuration, environment: GatewayEnvironment
    ) async throws(GatewayError) -> Gateway {
        let issuing = IssuingServices(environment)
        let keeper = RevocationKeeper(directory: environment.state, logger: environment.logger)
        let callers = CallerKeeper(environment.state, logger: environment.logger)
        let limiters = LimiterRegistry()
        var builder = GenerationBuilder(
            environment: environment, configuration: configuration, previous: nil, issuing: issuing, keeper: keeper,
            callers: callers, limiters: limiters)
        let generation = try builder.build(number: 1)
        let bans: BanRegister
        do throws(PKIError) {
            bans = try BanRegister(in: environment.state, logger: environment.logger, audit: environment.audit)
        } catch {
            throw .bans(error)
        }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: max(1, environment.threads))
        let telemetry = GatewayTelemetry(workers: max(1, environment.threads))
        telemetry.adopt(generation)
        let workers = await Self.workers(
            of: group, logger: environment.logger, generation: generation, bans: bans, telemetry: telemetry)
        let watch = EdgeWatch(
            edge: workers[0].edge, workers: workers, logger: environment.logger,
            budget: generation.configuration.edge.memory, telemetry: telemetry)
        let gateway = Gateway(
            environment: environment, generation: generation, group: group, workers: workers, issuing: issuing,
            keeper: keeper, callers: callers, limiters: limiters, watch: watch, telemetry: telemetry)
        gateway.watchEdge()
        environment.audit?.adopt(retention: configuration.audit.retain?.components.seconds)
        gateway.watchRevocation(generation.revocation)
        gateway.watchCallers(generation)
        gateway.upstreams.adopt(generation.upstreams.values, on: workers.first)
        generation.cluster?.start(on: workers[0].eventLoop)
        do throws(GatewayError) {
            let listeners = try await gateway.bind(configuration, keeping: [], inherited: environment.inherited)
            gateway.state.withLock { $0.listeners = listeners }
        } catch {
            await gateway.shutdown(Shutdown(drain: .zero, idle: .zero))
            throw error
        }
        return gateway
    }

    /// Accepts connections from now on, and keeps certificates young.
    package func open() async {
        let (listeners, generation) = state.withLock { state in
            state.isOpen = true
            return (state.listeners, state.generation)
        }
        for listener in listeners { await listener.setAccepting(true) }
        keepCertificatesYoung()
        beginACME(generation)
    }

    private init(
        environment: GatewayEnvironment, generation: Generation, group: MultiThreadedEventLoopGroup, workers: [Worker],
        issuing: IssuingServices, keeper: RevocationKeeper, callers: CallerKeeper, limiters: LimiterRegistry,
        watch: EdgeWatch, telemetry: GatewayTelemetry
    ) {
        self.telemetry = telemetry
        exporter = TraceExporter(telemetry.spans, logger: environment.logger)
        exporter.adopt(generation.collector)
        telemetry.onManySpans { [exporter] in exporter.hurry() }
        self.callers = callers
        self.limiters = limiters
        self.watch = watch
        self.issuing = issuing
        self.keeper = keeper
        upstreams = UpstreamKeeper(lookup: environment.lookup, logger: environment.logger)
        self.environment = environment
        self.group = group
        self.workers = workers
        startedAt = generation.loadedAt
        state = Mutex(
            State(generation: generation, lastReload: .init(succeeded: true, at: generation.loadedAt, message: nil)))
        admin.adopt(admins: generation.configuration.administrators)
        admin.show { [weak self] in self?.statusWithLoad().json() ?? [] }
        metrics.show(
            scrape: { [weak self] in self?.scrape($0) ?? [] }, alive: { [weak self] in await self?.isAlive() ?? [] },
            ready: { [weak self] in await self?.isReady() ?? [] })
        issuing.onRevocation { [weak self] in Task { await self?.cutRevoked() } }
    }

    private static func workers(
        of group: MultiThreadedEventLoopGroup, logger: Logger, generation: Generation, bans: BanRegister,
        telemetry: GatewayTelemetry
    ) async -> [Worker] {
        var workers: [Worker] = []
        let loops = Array(group.makeIterator())
        let files = OpenFileLimit.raise()
        let handshakes = Bounds.handshakes(openFiles: files, workers: loops.count)
        let edge = EdgeState(
            generation.configuration.edge, files: FileBudget(limit: files), workers: loops.count, bans: bans)
        for (index, eventLoop) in loops.enumerated() {
            let worker = await withCheckedContinuation { (continuation: CheckedContinuation<Worker, Never>) in
                eventLoop.execute {
                    continuation.resume(
                        returning: Worker(
                            on: eventLoop, index: index, logger: logger, generation: generation, handshakes: handshakes,
                            edge: edge, telemetry: telemetry))
                }
            }
            workers.append(worker)
        }
        return workers
    }

    // MARK: listeners

    /// Binds what the configuration names and is not bound yet. On failure nothing new stays bound.
    private func bind(
        _ configuration: Configuration, keeping old: [ListenerBinding], inherited: [InheritedSocket] = []
    ) async throws(GatewayError) -> [ListenerBinding] {
        let all = WantedListener.all(of: configuration)
        let assignment = try SocketAssignment(inherited, to: all.map(\.key))
        for socket in assignment.unused { close(socket.descriptor) }
        let binder = ListenerBinder(
            group: group, workers: workers, challenges: challenges, logger: environment.logger, journal: journal)
        let known = Dictionary(old.map { ($0.key, $0) }) { first, _ in first }
        var bound: [ListenerBinding] = []
        do throws(GatewayError) {
            for wanted in all {
                if let same = known[wanted.key] {
                    bound.append(same)
                } else {
                    var sockets = assignment.sockets[wanted.key] ?? []
                    if sockets.isEmpty { sockets = try await former(wanted.key, among: old, all) }
                    bound.append(
                        try await binder.bind(wanted.key, as: runtime(of: wanted.key), inherited: sockets))
                }
            }
            return bound
        } catch {
            for listener in bound where known[listener.key] == nil { await listener.closed() }
            throw error
        }
    }

    private func runtime(of key: ListenerBinding.Key) -> ListenerRuntime {
        switch key.name {
        case AdminEndpoint.listenerName: ListenerRuntime(name: key.name, admin: admin)
        case MetricsEndpoint.listenerName: ListenerRuntime(name: key.name, metrics: metrics)
        default: ListenerRuntime(name: key.name)
        }
    }

    /// Sockets of a listener at the same address that the new configuration has under another name or for another
    /// purpose: they go on, and with them what waits in their queues.
    private func former(
        _ key: ListenerBinding.Key, among old: [ListenerBinding], _ wanted: [WantedListener]
    ) async throws(GatewayError) -> [InheritedSocket] {
        let kept = Set(wanted.map(\.key))
        guard let former = old.first(where: { $0.key.address == key.address && !kept.contains($0.key) }) else {
            return []
        }
        do {
            return try await former.shared().map {
                InheritedSocket(
                    descriptor: $0, listener: key.name, address: key.address,
                    origin: former.isShared ? .serviceManager : .predecessor)
            }
        } catch {
            throw .address(listener: key.name, address: key.address.text, detail: "\(error)")
        }
    }

    // MARK: reload

    /// Puts a new configuration into service, or throws and leaves the old one. Returns the generation's number.
    @discardableResult
    package func reload(_ configuration: Configuration) async throws(GatewayError) -> Int {
        try await inTurn { () throws(GatewayError) in
            try await self.apply(configuration, isRefresh: false)
        }
    }

    /// The configuration that is running once more, with what the gateway's own authority has issued and revoked
    /// since. Files of the operator are not read again: a revocation must hold even while one of them is missing.
    @discardableResult
    package func refreshCertificates() async throws(GatewayError) -> Int {
        try await inTurn { () throws(GatewayError) in
            let number = try await self.apply(self.currentConfiguration(), isRefresh: true)
            self.environment.logger.info(
                "certificates and revocations read again", metadata: ["generation": "\(number)"])
            return number
        }
    }

    /// One after the other, in the order of the calls.
    private func inTurn(_ work: () async throws(GatewayError) -> Int) async throws(GatewayError) -> Int {
        let turn = Turn()
        let before = state.withLock { state in
            defer { state.reloads = turn }
            return state.reloads
        }
        await before?.wait()
        defer { turn.end() }
        do throws(GatewayError) {
            return try await work()
        } catch {
            reloadFailed(error.description)
            throw error
        }
    }

    /// Says in `status` that an attempt to load failed before it came here: the file was refused.
    package func reloadFailed(_ message: String) {
        let now = UnixTime.seconds()
        telemetry.reloads.count(isLoaded: false)
        state.withLock { $0.lastReload = .init(succeeded: false, at: now, message: message) }
    }

    private func apply(_ configuration: Configuration, isRefresh: Bool) async throws(GatewayError) -> Int {
        let (previous, listeners) = state.withLock { ($0.generation, $0.listeners) }
        var builder = GenerationBuilder(
            environment: environment, configuration: configuration, previous: previous, issuing: issuing, keeper: keeper,
            callers: callers, limiters: limiters)
        if isRefresh { builder.keepFiles(of: previous) }
        let generation = try builder.build(number: previous.number + 1)
        let bound = try await bind(configuration, keeping: listeners)
        keeper.adopt(generation.revocation)
        callers.adopt(configuration.policies, generation.files.tokens)
        upstreams.adopt(generation.upstreams.values, on: workers.first)
        generation.cluster?.start(on: workers[0].eventLoop)
        await adopt(generation)
        if let former = previous.cluster, former !== generation.cluster { await former.leave(limiters.limiters) }
        admin.adopt(admins: configuration.administrators)
        if generation.accessLog === previous.accessLog { generation.accessLog.reopen(reportingTo: environment.logger) }
        let (known, kept) = (Set(listeners.map(\.key)), Set(bound.map(\.key)))
        let stillThere = Set(bound.map(\.key.address))
        for listener in listeners where !kept.contains(listener.key) {
            if stillThere.contains(listener.key.address) { await listener.closed() } else { await listener.finished() }
        }
        for listener in bound where !known.contains(listener.key) { await listener.setAccepting(true) }
        state.withLock { state in
            state.generation = generation
            state.listeners = bound
            state.lastReload = .init(succeeded: true, at: generation.loadedAt, message: nil)
        }
        acme.withLock { $0 }?.adopt(generation.acme)
        if !isRefresh { telemetry.reloads.count(isLoaded: true) }
        return generation.number
    }

    /// The API keys, read again if their file has changed.
    package func currentAPIKeys() -> [APIKeyRecord] { callers.currentAPIKeys() }

    /// Memory and open files, and what is refused at the door.
    private func watchEdge() {
        let task = Task { [watch] in await watch.run() }
        state.withLock { $0.watch = task }
    }

    private func adopt(_ generation: Generation) async {
        watch.adopt(generation.configuration.edge)
        telemetry.adopt(generation)
        exporter.adopt(generation.collector)
        environment.audit?.adopt(retention: generation.configuration.audit.retain?.components.seconds)
        for worker in workers { await worker.run { $0.adopt(generation) } }
        // The trees of what was refused under the old rules are made by the old rules.
        Task.detached(priority: .background) { [journal] in journal.settle() }
    }

    // MARK: revocation

    /// Before anything is accepted: the first handshake finds what the files say.
    private func watchRevocation(_ plan: RevocationPlan) {
        keeper.onChange { [workers] in
            for worker in workers { worker.eventLoop.execute { worker.state.value.recheckIdentities() } }
        }
        keeper.adopt(plan)
        let rounds = RevocationRounds(keeper: keeper, fetcher: HTTPFetcher(group: group))
        let task = Task { await rounds.run() }
        state.withLock { $0.revocation = task }
    }

    /// API keys are there before anything is accepted; keys of issuers come as soon as they can.
    private func watchCallers(_ generation: Generation) {
        callers.adopt(generation.configuration.policies, generation.files.tokens)
        let task = Task { [callers, group] in await callers.run(HTTPFetcher(group: group)) }
        state.withLock { $0.callers = task }
    }

    /// Takes over what was revoked, denied or allowed again on this machine. Connections that are refused now are cut.
    package func refreshRevocations() throws(GatewayError) {
        do throws(PKIError) { try keeper.refreshOwnRecords() } catch { throw .certificates(error) }
        environment.logger.info("revocations read again")
    }

    // MARK: certificates

    /// Replaces certificates of the built-in authority in time, for as long as the gateway runs.
    private func keepCertificatesYoung() {
        let renewal = CertificateRenewal(
            terms: { [weak self] in self?.state.withLock { $0.generation.issued.values.map(\.term) } },
            look: { [weak self] in self?.speakOfExpiry() },
            renew: { [weak self] in try await self?.refreshCertificates() }, now: UnixTime.seconds,
            sleep: { try await Task.sleep(for: $0) }, chance: { Double.random(in: 0...1) }, logger: environment.logger)
        let task = Task { await renewal.run() }
        state.withLock { $0.renewal = task }
    }

    private func speakOfExpiry() {
        let now = UnixTime.seconds()
        for lifetime in notices.due(state.withLock { $0.generation.lifetimes }, at: now) {
            environment.logger.warning(
                lifetime.hasExpired(at: now) ? "certificate has expired" : "certificate expires soon",
                metadata: [
                    "use": "\(lifetime.use.rawValue)", "name": "\(lifetime.name)", "subject": "\(lifetime.subject)",
                    "source": "\(lifetime.source)", "days": "\(lifetime.daysLeft(at: now))",
                ])
        }
    }

    /// A certificate was withdrawn over the network; failures are in `status` and said here.
    private func cutRevoked() async {
        do throws(GatewayError) { try await refreshCertificates() } catch {
            environment.logger.error("revocation not in force yet", metadata: ["error": "\(error)"])
        }
    }

    /// Certificates from ACME servers are ordered once everything listens, for the servers come to look.
    private func beginACME(_ generation: Generation) {
        let ordering = ACMEOrdering(
            store: ACMEStore(environment.state), fetcher: HTTPFetcher(group: group), challenges: challenges,
            logger: environment.logger)
        let renewal = ACMERenewal(ordering, logger: environment.logger) { [weak self] in
            await self?.showNewCertificate()
        }
        acme.withLock { $0 = renewal }
        renewal.adopt(generation.acme)
    }

    private func showNewCertificate() async {
        do throws(GatewayError) { try await refreshCertificates() } catch {
            environment.logger.error("new certificate not put into service", metadata: ["error": "\(error)"])
        }
    }

    // MARK: bans

    var version: String { environment.version }
    var lostLogLines: UInt64 { state.withLock { $0.generation.accessLog }.logger.lost }

    /// Workers that take no turn within this time.
    func busyWorkers(within limit: Duration) async -> [Int] {
        let (answers, continuation) = AsyncStream.makeStream(of: Int.self)
        for (index, worker) in workers.enumerated() { worker.eventLoop.execute { continuation.yield(index) } }
        let timer = Task {
            do { try await Task.sleep(for: limit) } catch { return }
            continuation.finish()
        }
        defer { timer.cancel() }
        var busy = Set(workers.indices)
        for await index in answers {
            busy.remove(index)
            if busy.isEmpty { break }
        }
        return busy.sorted()
    }

    package var bans: BanRegister { workers[0].edge.bans }

    /// Where decisions are recorded.
    package var audit: AuditRecorder? { environment.audit }

    // MARK: state

    package func currentConfiguration() -> Configuration {
        state.withLock { $0.generation.configuration }
    }

    package func status() -> GatewayStatus {
        let (generation, listeners, lastReload, isDraining, isOpen) = state.withLock {
            ($0.generation, $0.listeners, $0.lastReload, $0.isDraining, $0.isOpen)
        }
        func sum(_ counter: (LoopCounters) -> Int) -> Int { workers.reduce(0) { $0 + counter($1.counters) } }
        return GatewayStatus(
            generation: generation.number, startedAt: startedAt, loadedAt: generation.loadedAt, lastReload: lastReload,
            process: Int(getpid()), ready: isOpen && !isDraining, draining: isDraining,
            listeners: listeners.map(\.status),
            connections: sum { $0.connections.load(ordering: .relaxed) },
            requests: sum { $0.requests.load(ordering: .relaxed) },
            handshakes: sum { $0.handshakes.load(ordering: .relaxed) },
            refusedHandshakes: sum { $0.refusedHandshakes.load(ordering: .relaxed) },
            refusals: journal.counts.map(GatewayStatus.RefusalCount.init),
            latestRefusals: journal.latestRefusals(5).compactMap(GatewayStatus.LatestRefusal.init),
            sampledHandshakes: journal.latestFinished(5).map(\.connection.text),
            upstreams: generation.upstreams.values.map(UpstreamStatus.init).sorted { $0.name < $1.name },
            certificates: generation.certificates,
            lifetimes: generation.lifetimes.map { LifetimeStatus($0, at: UnixTime.seconds()) },
            revocation: keeper.status(),
            acme: acme.withLock { $0 }?.status() ?? [],
            acceptedRisks: generation.configuration.acceptedRisks.map {
                .init(path: $0.path, what: $0.what, because: $0.because)
            }, edge: watch.status, limits: GatewayStatus.limits(generation.configuration, limiters),
            callers: callers.status(),
            cluster: generation.cluster?.status)
    }

    /// How the handshake of a connection went, step by step; nil when it is not, or no longer, remembered.
    package func explanation(of connection: ConnectionID) -> HandshakeExplanation? {
        journal.handshake(connection).map(HandshakeExplanation.init)
    }

    /// Connections that can be explained, newest first.
    package func explicableConnections() -> [ConnectionID] { journal.connections }

    /// What clients offered and what was agreed with them, by listener, over all loops.
    package func observedClients() async -> [ObservedClientsReport] {
        var all: [String: ObservedClients] = [:]
        for worker in workers {
            for (listener, clients) in await worker.read({ $0.observedClients }) {
                all[listener, default: ObservedClients()].merge(clients)
            }
        }
        return all.sorted { $0.key < $1.key }.map { ObservedClientsReport(listener: $0.key, $0.value) }
    }

    // MARK: end

    /// Says that it is about to go, stops accepting, lets exchanges finish, and ends.
    package func shutdown(_ limits: Shutdown) async {
        state.withLock { $0.isDraining = true }
        for worker in workers { await worker.run { $0.drain(idle: limits.idle) } }
        if limits.delay > .zero { await pause(limits.delay) }
        let (listeners, tasks, log, isSucceeded, isOpen) = state.withLock { state in
            (
                state.listeners, [state.renewal, state.watch, state.revocation, state.callers], state.generation.accessLog.logger,
                state.isSucceeded, state.isOpen
            )
        }
        for task in tasks { task?.cancel() }
        bans.tend()
        upstreams.stop()
        await tasks.last??.value
        acme.withLock { $0 }?.stop()
        // Whoever watches sees the end coming.
        let last = listeners.filter { $0.key.name == MetricsEndpoint.listenerName && !isSucceeded }
        for listener in listeners where !last.contains(where: { $0.key == listener.key }) {
            if isSucceeded || !isOpen { await listener.closed() } else { await listener.finished() }
        }
        await connectionsEnd(within: limits.drain)
        for listener in last { await listener.closed() }
        await exporter.stop()
        for worker in workers { await worker.run { $0.closeAll() } }
        await state.withLock { $0.generation.cluster }?.leave(limiters.limiters)
        do { try await group.shutdownGracefully() } catch {
            environment.logger.error("workers did not end cleanly", metadata: ["error": "\(error)"])
        }
        log.flush()
    }

    private func connectionsEnd(within limit: Duration) async {
        let clock = ContinuousClock()
        let deadline = clock.now + limit
        while clock.now < deadline, await hasWork() {
            do { try await clock.sleep(for: .milliseconds(50)) } catch { return }
        }
    }

    private func hasWork() async -> Bool {
        for worker in workers where await worker.read({ $0.hasWork }) { return true }
        return false
    }

    private func pause(_ duration: Duration) async {
        do { try await Task.sleep(for: duration) } catch { return }
    }

    /// Returns when every worker has taken a turn.
    package func workersAnswer() async {
        for worker in workers { await worker.run { _ in } }
    }

    // MARK: hand-over

    /// Second descriptors of everything that is listened on, for another process. The caller closes them.
    package func sharedSockets() async throws(GatewayError) -> [InheritedSocket] {
        var sockets: [InheritedSocket] = []
        for listener in state.withLock({ $0.listeners }) {
            do {
                sockets += try await listener.shared().map {
                    InheritedSocket(
                        descriptor: $0, listener: listener.key.name, address: listener.key.address,
                        origin: listener.isShared ? .serviceManager : .predecessor)
                }
            } catch {
                for socket in sockets { close(socket.descriptor) }
                throw .address(listener: listener.key.name, address: listener.key.address.text, detail: "\(error)")
            }
        }
        return sockets
    }

    /// Accepts nothing for now; connections wait in the queues.
    package func pause() async {
        bans.tend()
        for listener in state.withLock({ $0.listeners }) { await listener.setAccepting(false) }
    }

    package func unpause() async {
        for listener in state.withLock({ $0.listeners }) { await listener.setAccepting(true) }
    }

    /// Another process accepts from the listening sockets from now on; what is left is to drain.
    package func succeeded() {
        bans.succeeded()
        state.withLock { $0.isSucceeded = true }
    }
}

/// A place in the line of reloads.
final class Turn: Sendable {
    private let state = Mutex<State>(.running([]))

    private enum State {
        case running([CheckedContinuation<Void, Never>])
        case ended
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                guard case .running(let waiting) = state else { return true }
                state = .running(waiting + [continuation])
                return false
            }
            if isOver { continuation.resume() }
        }
    }

    func end() {
        let waiting = state.withLock { state in
            defer { state = .ended }
            guard case .running(let waiting) = state else { return [CheckedContinuation<Void, Never>]() }
            return waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}
