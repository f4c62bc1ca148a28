import Glibc
import Logging
import NIOCore
import NIOPosix
import SallyportConfig
import SallyportPKI
import SallyportProxy
import SallyportTelemetry

/// The life of a gateway process from reading its configuration to the last byte drained.
struct GatewayProcess {
    var state: StateDirectory
    var source: ConfigurationSource
    var threads: Int
    /// Reload when a file changes.
    var watch: Bool
    var manager = ServiceManager(socket: Environment.variables["NOTIFY_SOCKET"])
    /// Operational events for people, whatever standard error is.
    var isInteractive = Terminal.errorIsTerminal
    /// What to do about an address that is taken, beside editing the file.
    var addressFix: String?
    /// Told once everything serves, before `ready` is printed.
    var announce: @Sendable ([GatewayStatus.Listener]) -> Void = { _ in }

    /// For exchanges under way when the gateway is asked to stop.
    static let drain = Duration.seconds(30)

    private enum Event: Sendable {
        case signal(ProcessSignal)
        case fileChanged
        case stopAsked
        case drained
    }

    /// - Parameter lock: Taken before anything in the state directory was touched.
    func run(holding lock: consuming InstanceLock) async throws {
        let signals = Signals.stream()
        let (configuration, files) = try load()
        let sink = try logSink()
        let logger = Logger(label: "sallyport") { label in
            SallyportLogHandler(label: label, sink: sink, format: isInteractive ? .text : .json)
        }
        defer { sink.close() }
        let gateway = try await start(configuration, logger: logger)
        let voice = OperatorLog(
            logger: logger, sink: sink, isInteractive: isInteractive, colour: Terminal.colourful(STDERR_FILENO))
        let service = GatewayService(gateway: gateway, source: source, files: files, voice: voice)
        try await serve(service, signals: signals, voice: voice)
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

    private func start(_ configuration: Configuration, logger: Logger) async throws(CommandFailure) -> Gateway {
        let secrets = SecretReader(
            environment: Environment.variables, credentialsDirectory: Environment.variables["CREDENTIALS_DIRECTORY"])
        let environment = GatewayEnvironment(state: state, secrets: secrets, threads: threads, logger: logger)
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
        _ service: GatewayService, signals: AsyncStream<ProcessSignal>, voice: OperatorLog
    ) async throws {
        let (events, continuation) = AsyncStream.makeStream(of: Event.self)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let admin = try await AdminServer.start(path: state.adminSocket, on: group) { request in
            await answer(request, service) { continuation.yield(.stopAsked) }
        }
        let feeding = [
            Task { for await signal in signals { continuation.yield(.signal(signal)) } },
            Task { if watch { await Self.watchFiles(service) { continuation.yield(.fileChanged) } } },
        ]
        sayReady(service)
        await obey(events, service, voice) { continuation.yield(.drained) }
        for task in feeding { task.cancel() }
        await admin.stop()
        voice.logger.info("stopped")
    }

    private func sayReady(_ service: GatewayService) {
        let listeners = service.addresses()
        announce(listeners)
        Terminal.print((["ready"] + listeners.map { "\($0.name)=\($0.address)" }).joined(separator: " "))
        manager.ready()
    }

    /// Reloads until asked to stop, then drains; asked once more while it drains, it stops at once.
    private func obey(
        _ events: AsyncStream<Event>, _ service: GatewayService, _ voice: OperatorLog,
        drained: @escaping @Sendable () -> Void
    ) async {
        var isStopping = false
        for await event in events {
            switch event {
            case .signal(.reload), .fileChanged:
                if !isStopping { await reload(service) }
            case .signal(.stop) where isStopping:
                voice.sink.close(limit: .milliseconds(200))
                ExitStatus.failed.exit()
            case .signal(.stop), .stopAsked:
                guard !isStopping else { continue }
                isStopping = true
                voice.stopping(within: Self.drain)
                stop(service, drained: drained)
            case .drained:
                return
            }
        }
    }

    private func stop(_ service: GatewayService, drained: @escaping @Sendable () -> Void) {
        manager.stopping()
        Task {
            await service.shutdown(drain: Self.drain)
            drained()
        }
    }

    private func reload(_ service: GatewayService) async {
        manager.reloading()
        _ = await service.reload()
        manager.ready()
    }

    private func answer(
        _ request: AdminRequest, _ service: GatewayService, stop: @Sendable () -> Void
    ) async -> AdminReply {
        switch request.command {
        case .status: return await service.status()
        case .diff: return await service.difference()
        case .address: return await service.address()
        case .revoked: return await service.refresh()
        case .rotated: return await service.takeOverAuthority()
        case .explain: return service.explanation(of: request.subject ?? "")
        case .reload:
            manager.reloading()
            defer { manager.ready() }
            return await service.reload()
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
