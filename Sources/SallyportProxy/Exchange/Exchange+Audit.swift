import NIOCore
import SallyportAccess
import SallyportAudit
import SallyportModel
import SallyportStore

// What is decided about this exchange, on its way into the audit trail.
extension Exchange {
    /// For a record to reach the disk.
    private static let auditPatience = TimeAmount.seconds(5)

    /// What the permission has to be recorded by before anything else happens; nil on most routes.
    func strictRecorder(_ route: CompiledRoute) -> AuditRecorder? {
        guard let audit = view.generation.audit, audit.isStrict(route.route.name) else { return nil }
        return audit.recorder
    }

    /// Goes on once the record of the permission is on the disk.
    func recordPermission(in recorder: AuditRecorder, then goOn: @escaping () -> Void) {
        awaitRecord(auditEntry(.requestPermitted, .permitted, nil), recorder) { [self] failure in
            if let failure { refuseUnrecorded(failure) } else { goOn() }
        }
    }

    /// Goes on once a refusal is recorded as its route demands it: at once, in the queue, or on the disk. Where it cannot
    /// be, the client is told something else: no decision that has to be recorded goes out without its record.
    func recordRefusal(_ reason: Reason, then goOn: @escaping () -> Void) {
        guard !isRefusalRecorded, let audit = view.generation.audit else { return goOn() }
        let isStrict = audit.isStrict(record.route?.route.name) && isDeciding
        guard isStrict || audit.concerns(reason) else { return goOn() }
        isRefusalRecorded = true
        let entry = auditEntry(.requestRefused, .refused, reason)
        guard isStrict else {
            return audit.recorder.note(entry) ? goOn() : refuseUnrecorded(.auditQueueFull)
        }
        awaitRecord(entry, audit.recorder) { [self] failure in
            if let failure { refuseUnrecorded(failure) } else { goOn() }
        }
    }

    /// Nothing has gone to an upstream, and nobody else has ended it.
    private var isDeciding: Bool { pool == nil && local == nil && !machine.isFinished }

    private func refuseUnrecorded(_ reason: Reason) {
        isRefusalRecorded = true
        answer(LocalReply(reason, fields: [("retry-after", "1")]))
    }

    private func awaitRecord(
        _ entry: AuditEntry, _ recorder: AuditRecorder, then goOn: @escaping (_ failure: Reason?) -> Void
    ) {
        let number = nextSuspension()
        suspend(number, until: .now() + Self.auditPatience, otherwise: LocalReply(.auditTooSlow))
        let (eventLoop, waiting) = (loop.eventLoop, NIOLoopBound((self, goOn), eventLoop: loop.eventLoop))
        let isTaken = recorder.record(entry) { error in
            eventLoop.execute {
                let (exchange, goOn) = waiting.value
                if exchange.resume(number) { goOn(error?.reason) }
            }
        }
        guard !isTaken, resume(number) else { return }
        goOn(.auditQueueFull)
    }

    private func auditEntry(_ event: AuditEvent, _ outcome: AuditOutcome, _ reason: Reason?) -> AuditEntry {
        var entry = AuditEntry(
            event, outcome, at: UnixTime.nanoseconds(), object: "\(head.methodText) \(head.host)\(head.text(head.path))",
            reason: reason?.name, rule: record.route?.route.name, generation: generationNumber,
            request: requestID.description, address: session.clientAddress)
        entry.name(caller)
        return entry
    }
}
