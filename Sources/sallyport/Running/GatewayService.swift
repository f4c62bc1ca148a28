import FoundationEssentials
import Glibc
import SallyportConfig
import SallyportModel
import SallyportPKI
import SallyportProxy
import SallyportStore
import SallyportTLS
import SallyportTelemetry

/// A gateway together with the file it serves: what `reload`, `status` and `diff` act on.
actor GatewayService {
    private let gateway: Gateway
    private let source: ConfigurationSource
    private let voice: OperatorLog
    /// Every file of the newest attempt to load, whether it succeeded or not.
    private var files: Set<String>
    /// When the configuration was loaded last.
    private var apiKeys: [APIKeyRecord]
    /// Reloads wait for each other.
    private var newestReload: Task<AdminReply, Never>?

    init(gateway: Gateway, source: ConfigurationSource, files: Set<String>, voice: OperatorLog) {
        self.gateway = gateway
        self.source = source
        self.voice = voice
        self.files = files
        apiKeys = gateway.currentAPIKeys()
    }

    // MARK: reload

    /// Reads the file again and puts it into service, or says why not; either way in the log as well.
    /// - Parameter actor: who wants it, for the audit trail.
    func reload(by actor: String) async -> AdminReply {
        let previous = newestReload
        let task = Task {
            _ = await previous?.value
            return await load(by: actor)
        }
        newestReload = task
        return await task.value
    }

    private func load(by actor: String) async -> AdminReply {
        guard case .file = source else {
            return AdminReply(.failed, messages: "the configuration came from standard input and cannot be read again")
        }
        let start = ContinuousClock.now
        let result = source.load()
        files = Set(result.sources)
        guard let configuration = result.configuration else {
            note(nil, by: actor, "refused: \(result.report.errorCount) errors")
            return refusal(result.report)
        }
        files.formUnion(configuration.watchedFiles)
        let keys = gateway.currentAPIKeys()
        let changes = ChangeSummary(
            from: gateway.currentConfiguration(), to: configuration, oldKeys: apiKeys, newKeys: keys)
        do {
            let number = try await gateway.reload(configuration)
            apiKeys = keys
            let words =
                "\(Terminal.tick) generation \(number) loaded in \((ContinuousClock.now - start).inWords) (\(changes))"
            voice.loaded(words, generation: number, changes: changes.description, result.report)
            note(number, by: actor, changes.description)
            let warnings = result.diagnostics.isEmpty ? "" : result.report.rendered(as: .text).withoutLineEnd
            return AdminReply(text: words, messages: warnings)
        } catch {
            note(nil, by: actor, "not put into service: \(error.reason.name)")
            voice.failed(error.description, outcome: keepsServing)
            return AdminReply(.failed, messages: "error: \(error.description)\n\(keepsServing)")
        }
    }

    private func note(_ generation: Int?, by actor: String, _ changes: String) {
        guard let audit = gateway.audit, !audit.noteReload(generation, by: actor, source: source.name, changes: changes)
        else { return }
        voice.logger.error("reload not recorded", metadata: ["code": "\(Reason.auditQueueFull.name)"])
    }

    private func refusal(_ report: DiagnosticReport) -> AdminReply {
        gateway.reloadFailed("\(source.name): \(report.errorCount) \(report.errorCount == 1 ? "error" : "errors")")
        voice.refused(report, outcome: keepsServing)
        return AdminReply(.configuration, messages: report.rendered(as: .text, outcome: keepsServing).withoutLineEnd)
    }

    private var keepsServing: String {
        let status = gateway.status()
        let loaded = LocalTime.ofDay(status.loadedAt)
        return "Nothing was changed: generation \(status.generation) (loaded \(loaded)) keeps serving."
    }

    /// After something was revoked or denied: handshakes and open connections find it at once.
    func refresh() -> AdminReply {
        do throws(GatewayError) {
            try gateway.refreshRevocations()
            return AdminReply(text: "\(Terminal.tick) the running gateway knows; what is refused now is cut off")
        } catch {
            return AdminReply(.failed, messages: "error: \(error.description)")
        }
    }

    /// After the built-in authority was rotated: new connections see certificates of the new one, and its records hold.
    func takeOverAuthority() async -> AdminReply {
        do throws(GatewayError) {
            let number = try await gateway.refreshCertificates()
            return AdminReply(text: "\(Terminal.tick) the running gateway has taken it over (generation \(number))")
        } catch {
            return AdminReply(.failed, messages: "error: \(error.description)")
        }
    }

    // MARK: looking

    func status() async -> AdminReply {
        var status = gateway.statusWithLoad()
        status.observedClients = await gateway.observedClients()
        return AdminReply(
            text: StatusText(status, source: source.name).description,
            json: String(decoding: status.json(), as: UTF8.self))
    }

    func difference() -> AdminReply {
        guard case .file = source else {
            return AdminReply(
                .failed, messages: "the configuration came from standard input; there is no file to compare with")
        }
        let result = source.load()
        guard let new = result.configuration else {
            return AdminReply(.configuration, messages: result.report.rendered(as: .text).withoutLineEnd)
        }
        let changes = ConfigurationDifference.between(old: gateway.currentConfiguration(), new: new)
        let text = changes.isEmpty ? "no difference" : ConfigurationDifference.text(changes).withoutLineEnd
        return AdminReply(text: text, json: ConfigurationDifference.json(changes))
    }

    /// - Parameter connection: as a log line names it.
    nonisolated func explanation(of connection: String) -> AdminReply {
        guard let id = ConnectionID(connection) else {
            return AdminReply(.usage, messages: "error: \(connection.debugDescription) is not the name of a connection")
        }
        if let explanation = gateway.explanation(of: id) {
            return AdminReply(text: explanation.text, json: explanation.json)
        }
        let known = gateway.explicableConnections().prefix(3).map(\.text)
        let hint = known.isEmpty ? "none is remembered yet" : "the newest are \(known.joined(separator: ", "))"
        return AdminReply(
            .failed, messages: "error: the handshake of \(id.text) is not, or no longer, remembered; \(hint)")
    }

    func address() -> AdminReply {
        do {
            let bound = gateway.status().listeners.map { ($0.name, $0.address) }
            let address = try ClientAddress.of(
                gateway.currentConfiguration(), bound: Dictionary(bound) { first, _ in first })
            return AdminReply(json: String(decoding: try JSONEncoder().encode(address), as: UTF8.self))
        } catch let failure as CommandFailure {
            return AdminReply(failure.status, messages: failure.message)
        } catch {
            return AdminReply(.failed, messages: "\(error)")
        }
    }

    /// What the watched files look like now.
    func stamps() -> [String: FileStamp] {
        Dictionary(uniqueKeysWithValues: files.map { ($0, FileStamp(path: $0)) })
    }

    nonisolated var currentConfiguration: Configuration { gateway.currentConfiguration() }

    nonisolated var register: BanRegister { gateway.bans }
    nonisolated var audit: AuditRecorder? { gateway.audit }

    nonisolated func addresses() -> [GatewayStatus.Listener] { gateway.status().listeners }

    /// As the configuration that is served says.
    nonisolated var limits: Shutdown { gateway.currentConfiguration().shutdown }
    nonisolated func shutdown(_ limits: Shutdown) async { await gateway.shutdown(limits) }

    /// Accepts connections from now on.
    nonisolated func open() async { await gateway.open() }

    /// Another process accepts connections.
    nonisolated func succeeded() { gateway.succeeded() }

    /// Whether every worker answers within the time that is left to the caller.
    nonisolated func isAlive() async -> Bool {
        await gateway.workersAnswer()
        return true
    }
}

extension Duration {
    /// `8 ms`, `1.2 s`.
    var inWords: String {
        let milliseconds = components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
        return milliseconds < 1000 ? "\(milliseconds) ms" : "\(milliseconds / 1000).\(milliseconds % 1000 / 100) s"
    }
}

extension String {
    var withoutLineEnd: String { hasSuffix("\n") ? String(dropLast()) : self }
}
