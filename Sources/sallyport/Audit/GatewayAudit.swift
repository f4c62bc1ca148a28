import Glibc
import Logging
import SallyportAudit
import SallyportConfig
import SallyportModel
import SallyportPKI
import SallyportStore

/// The audit trail of a gateway process, from before it binds to after it has drained.
struct GatewayAudit {
    let recorder: AuditRecorder
    private let logger: Logger

    /// - Throws: when the store is damaged or the trail is not whole: nothing is served then.
    init(in state: StateDirectory, logger: Logger) throws(CommandFailure) {
        self.logger = logger
        do throws(StoreError) {
            recorder = AuditRecorder(try AuditTrail(in: state, isChecked: true)) { error in
                guard let error else { return logger.notice("records are written again") }
                logger.error(
                    "records cannot be written", metadata: ["code": "\(error.reason.name)", "error": "\(error.detail)", "fix": "\(error.reason.fix)"])
            }
        } catch {
            throw CommandFailure(error)
        }
    }

    /// Looks after it once a second until it is cancelled.
    func tend() async {
        while !Task.isCancelled {
            do { try await Task.sleep(for: .seconds(1)) } catch { return }
            recorder.tend()
        }
    }

    func started(_ configuration: Configuration, source: String) {
        let object = "\(source), process \(Int(getpid()))"
        note(AuditEntry(.gatewayStarted, .done, at: UnixTime.nanoseconds(), actor: OperatorAudit.actor, object: object, generation: 1))
        noteGeneration(1, source: source, changes: "start")
    }

    private func noteGeneration(_ number: Int, source: String, changes: String) {
        let row = GenerationRow(
            number: number, process: Int(getpid()), loadedAt: UnixTime.seconds(), source: source, changes: changes)
        if !recorder.noteRow(.generation(row)) { complain("generation \(number)") }
    }

    private func note(_ entry: AuditEntry) {
        if !recorder.note(entry) { complain(entry.event.rawValue) }
    }

    private func complain(_ what: String) {
        logger.error("not recorded", metadata: ["code": "\(Reason.auditQueueFull.name)", "what": "\(what)"])
    }

    /// After the last exchange.
    func stopped() {
        note(AuditEntry(.gatewayStopped, .done, at: UnixTime.nanoseconds(), object: "process \(Int(getpid()))"))
        do throws(StoreError) {
            let left = try recorder.close()
            if left > 0 { logger.error("records are lost", metadata: ["count": "\(left)"]) }
        } catch {
            logger.error("the audit trail was not closed", metadata: ["code": "\(error.reason.name)", "error": "\(error.detail)"])
        }
    }
}

extension AuditRecorder {
    /// A reload, as it went.
    /// - Returns: false when there is no room for the record.
    func noteReload(
        _ generation: Int?, by actor: String, source: String, changes: String
    ) -> Bool {
        let event: AuditEvent = generation == nil ? .configurationRefused : .configurationLoaded
        let entry = AuditEntry(
            event, generation == nil ? .failed : .done, at: UnixTime.nanoseconds(), actor: actor, object: source,
            generation: generation, detail: changes)
        guard let generation else { return note(entry) }
        let row = GenerationRow(
            number: generation, process: Int(getpid()), loadedAt: UnixTime.seconds(), source: source,
            changes: changes)
        return note(entry, .generation(row))
    }
}

extension CommandFailure {
    init(_ error: StoreError) {
        self.init(.failed, "\(error.reason.name): \(error.subject): \(error.detail)", fix: error.reason.fix.description)
    }
}
