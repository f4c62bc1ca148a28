import Glibc
import Logging
import NIOCore
import NIOPosix
import SallyportConfig
import SallyportModel
import SallyportPKI
import SallyportProxy
import SallyportStore
import SallyportTelemetry

/// The life of a gateway process from reading its configuration to the last byte drained.
struct GatewayProcess {
    var state: StateDirectory
    var source: ConfigurationSource
    var threads: Int
    /// Reload when a file changes.
    var watch: Bool
    /// What a process is started with that takes the place of this one; a failure says why there can be none.
    var restart: Result<[String], CommandFailure>
    var manager = ServiceManager(socket: Environment.variables["NOTIFY_SOCKET"])
    /// Operational events for people, whatever standard error is.
    var isInteractive = Terminal.errorIsTerminal
    /// What to do about an address that is taken, beside editing the file.
    var addressFix: String?
    /// Told once everything serves, before `ready` is printed.
    var announce: @Sendable ([GatewayStatus.Listener]) -> Void = { _ in }

    private enum Event: Sendable {
        case signal(ProcessSignal)
        case fileChanged
        case stopAsked
        /// Another process serves.
        case succeeded(pid_t)
        case drained
    }

    /// With sockets and lock of the gateway that runs, which ends once this one serves.
    func run(takingOver taking: HandoverTaking) async throws {
        try await run(holding: InstanceLock(adopting: taking.lock), inherited: taking.sockets, taking: taking)
    }

    /// - Parameters:
    ///   - lock: Taken before anything in the state directory was touched.
    ///   - inherited: Listening sockets that are there already.
    func run(
        holding lock: consuming InstanceLock, inherited: [InheritedSocket] = [], taking: HandoverTaking? = nil
    ) async throws {
        let signals = Signals.stream()
        let (configuration, files) = try load()
        let sink = try logSink()
        let logger = Logger(label: "sallyport") { label in
            SallyportLogHandler(label: label, sink: sink, format: isInteractive ? .text : .json)
        }
        defer { sink.close() }
        let audit = try GatewayAudit(in: state, logger: logger)
        let gateway = try await start(configuration, inherited: inherited, logger: logger, audit: audit.recorder)
        audit.started(configuration, source: source.name)
        let voice = OperatorLog(
            logger: logger, sink: sink, isInteractive: isInteractive, colour: Terminal.colourful(STDERR_FILENO))
        let service = GatewayService(gateway: gateway, source: source, files: files, voice: voice)
        let giving = HandoverGiving(gateway: gateway, lock: lock.descriptor, state: state)
        let tending = Task { await audit.tend() }
        try await serve(service, signals: signals, voice: voice, giving, taking)
        tending.cancel()
        audit.stopped()
        _ = consume lock
    }

    private func load() throws(CommandFailure) -> (Configuration, Set<String>) {
        let result = source.load()
        if !result.diagnostics.isEmpty {
            let text = result.report.rendered(as: .text, colour: Terminal.colourful(STDERR_FILENO))
            Terminal.note(text.withoutLineEnd)
        }
        guard let configuration = result.configuration else { throw .reported(.configuration) }
        return (configuration, Set(result.sources).union(configuration.watchedFiles))
    }

    private func logSink() throws(CommandFailure) -> LogSink {
        do throws(LogOutputError) {
            return try LogSink(.standardError, format: isInteractive ? .text : .json)
        } catch {
            throw CommandFailure(.failed, error.description)
        }
    }

    private func start(
        _ configuration: Configuration, inherited: [InheritedSocket], logger: Logger, audit: AuditRecorder
    ) async throws(CommandFailure) -> Gateway {
        let secrets = SecretReader(
            environment: Environment.variables, credentialsDirectory: Environment.variables["CREDENTIALS_DIRECTORY"])
        var environment = GatewayEnvironment(
            state: state, secrets: secrets, threads: threads, logger: logger, inherited: inherited,
            audit: audit)
        environment.version = Version.number
        do throws(GatewayError) {
            return try await Gateway.start(configuration: configuration, environment: environment)
        } catch {
            var fix: String?
            if case .address = error { fix = addressFix }
            throw CommandFailure(.failed, error.description, fix: fix)
        }
    }

    // MARK: serving

    private func serve(
        _ service: GatewayService, signals: AsyncStream<ProcessSignal>, voice: OperatorLog, _ giving: HandoverGiving,
        _ taking: HandoverTaking?
    ) async throws {
        let (events, continuation) = AsyncStream.makeStream(of: Event.self)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let upgrading = Upgrading(giving: giving, state: state, arguments: restart)
        let admin = try await AdminServer.start(in: state, on: group) { socket in
            Task { await give(socket, giving, upgrading, voice) { continuation.yield(.succeeded($0)) } }
        } _: { request in
            await answer(request, service, giving, upgrading) { continuation.yield(.stopAsked) }
        }
        try await begin(service, admin, taking)
        let feeding = [
            Task { for await signal in signals { continuation.yield(.signal(signal)) } },
            Task { if watch { await Self.watchFiles(service) { continuation.yield(.fileChanged) } } },
            Task { await feedWatchdog(service) },
        ]
        sayReady(service)
        let isReplaced = await obey(events, service, voice, giving, upgrading) { continuation.yield(.drained) }
        for task in feeding { task.cancel() }
        await admin.stop(isReplaced: isReplaced)
        voice.logger.info("stopped")
    }

    /// Accepts connections: at once, or when the gateway that ran before agrees.
    private func begin(_ service: GatewayService, _ admin: AdminServer, _ taking: HandoverTaking?) async throws {
        guard let taking else {
            await service.open()
            return try admin.publish()
        }
        do throws(CommandFailure) { try await taking.ready() } catch {
            admin.discard()
            throw error
        }
        await service.open()
        taking.say(.serving)
        service.readBansAgain()
        try admin.publish()
        InstanceLock.claim(taking.lock)
        taking.say(.adopted)
        // What was revoked or rotated while both were there, the other one was told of.
        _ = await service.takeOverAuthority()
    }

    /// A process has asked for the listening sockets.
    private func give(
        _ socket: Int32, _ giving: HandoverGiving, _ upgrading: Upgrading, _ voice: OperatorLog,
        succeeded: @escaping @Sendable (pid_t) -> Void
    ) async {
        let manager = manager
        switch await giving.give(over: socket, serving: { manager.succeeded(by: $0) }) {
        case .success(let process):
            voice.logger.info("handed over", metadata: ["process": "\(process)"])
            upgrading.succeeded(process)
            succeeded(process)
        case .failure(let failure):
            voice.logger.error(
                "not handed over", metadata: ["code": "\(Reason.handOverFailed.name)", "detail": "\(failure)"])
        }
    }

    /// Says to systemd that the gateway lives, for as long as all workers answer.
    private func feedWatchdog(_ service: GatewayService) async {
        guard let interval = ServiceManager.watchdogInterval(Environment.variables, process: getpid()) else { return }
        while !Task.isCancelled, await service.isAlive() {
            manager.alive()
            do { try await Task.sleep(for: interval) } catch { return }
        }
    }

    private func sayReady(_ service: GatewayService) {
        let listeners = service.addresses()
        announce(listeners)
        Terminal.print((["ready"] + listeners.map { "\($0.name)=\($0.address)" }).joined(separator: " "))
        manager.ready()
    }

    /// Reloads until asked to stop, then drains; asked once more while it drains, it stops at once.
    ///
    /// - Returns: whether another process has taken the place of this one.
    private func obey(
        _ events: AsyncStream<Event>, _ service: GatewayService, _ voice: OperatorLog, _ giving: HandoverGiving,
        _ upgrading: Upgrading, drained: @escaping @Sendable () -> Void
    ) async -> Bool {
        var (isStopping, isReplaced) = (false, false)
        for await event in events {
            switch event {
            case .signal(.reload):
                if !isStopping { _ = await reload(service, giving, by: "signal") }
            case .fileChanged:
                if !isStopping { _ = await reload(service, giving, by: "watch") }
            case .signal(.stop) where isStopping:
                voice.sink.close(limit: .milliseconds(200))
                ExitStatus.failed.exit()
            case .signal(.stop), .stopAsked:
                guard !isStopping else { continue }
                isStopping = true
                upgrading.abandon()
                manager.stopping()
                leave(service, service.limits, voice, drained)
            case .succeeded:
                guard !isStopping else { continue }
                (isStopping, isReplaced) = (true, true)
                service.succeeded()
                var limits = service.limits
                limits.delay = .zero
                leave(service, limits, voice, drained)
            case .drained:
                return isReplaced
            }
        }
        return isReplaced
    }

    private func leave(
        _ service: GatewayService, _ limits: Shutdown, _ voice: OperatorLog, _ drained: @escaping @Sendable () -> Void
    ) {
        voice.stopping(within: limits.drain + limits.delay)
        Task {
            await service.shutdown(limits)
            drained()
        }
    }

    private func reload(_ service: GatewayService, _ giving: HandoverGiving, by actor: String) async -> AdminReply {
        if giving.isBusy {
            return AdminReply(.failed, messages: "a new process is about to take over; it reads the file itself")
        }
        manager.reloading()
        defer { manager.ready() }
        return await service.reload(by: actor)
    }

    private func answer(
        _ request: AdminRequest, _ service: GatewayService, _ giving: HandoverGiving, _ upgrading: Upgrading,
        stop: @Sendable () -> Void
    ) async -> AdminReply {
        switch request.command {
        case .status: return await service.status()
        case .diff: return await service.difference()
        case .address: return await service.address()
        case .revoked: return await service.refresh()
        case .rotated: return await service.takeOverAuthority()
        case .explain: return service.explanation(of: request.subject ?? "")
        case .reload: return await reload(service, giving, by: OperatorAudit.actor(of: request.user))
        case .banList: return service.bans()
        case .banAdd: return service.ban(request)
        case .banRemove: return service.liftBan(request)
        case .upgrade: return await upgrading.upgrade(request)
        case .handover: return AdminReply(.usage, messages: "sockets are not handed over in a reply")
        case .stop:
            stop()
            return AdminReply()
        }
    }

    /// Looks twice a second and calls back when the files have changed and come to rest.
    private static func watchFiles(_ service: GatewayService, _ changed: () -> Void) async {
        var watch = FileWatch(await service.stamps())
        while !Task.isCancelled {
            do { try await Task.sleep(for: .milliseconds(500)) } catch { return }
            let stamps = await service.stamps()
            if watch.look(stamps) { changed() }
        }
    }
}
