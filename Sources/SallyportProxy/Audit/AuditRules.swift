import SallyportAudit
import SallyportConfig
import SallyportModel
import SallyportStore
import SallyportTLS

/// What of one generation goes to the audit trail.
struct AuditRules: Sendable {
    let recorder: AuditRecorder
    private let settings: AuditSettings
    private let generation: Int

    init(_ recorder: AuditRecorder, _ settings: AuditSettings, generation: Int) {
        self.recorder = recorder
        self.settings = settings
        self.generation = generation
    }

    var keepsRefusals: Bool { settings.keep.contains(.refusals) }

    /// Whether requests on this route wait for their records.
    func isStrict(_ route: String?) -> Bool {
        guard let route, !settings.strict.isEmpty else { return false }
        return settings.strict.contains(route)
    }

    /// A refusal that somebody decided: who asks, what for, or how much. What the gateway or an upstream cannot do is
    /// none.
    func concerns(_ reason: Reason) -> Bool { keepsRefusals && (3000..<5000).contains(reason.code) }

    /// A connection that did not get past the handshake. A connection without a byte is none.
    func note(_ refusal: HandshakeRefusal) {
        guard settings.keep.contains(.handshakes), !refusal.isSilentProbe else { return }
        recorder.noteStranger(
            AuditEntry(
                .handshakeRefused, .refused, at: UnixTime.nanoseconds(), issuer: refusal.issuer, subject: refusal.subject,
                object: refusal.sni, reason: refusal.reason.name, rule: refusal.listener, generation: generation,
                connection: refusal.record?.connection.text, address: refusal.peer, detail: refusal.detail))
    }

    /// A request whose head could not be read.
    func note(unreadable reason: Reason, of caller: Caller, request: String, address: String) {
        guard concerns(reason) else { return }
        var entry = AuditEntry(
            .requestRefused, .refused, at: UnixTime.nanoseconds(), reason: reason.name, generation: generation,
            request: request, address: address)
        entry.name(caller)
        recorder.noteStranger(entry)
    }
}

extension AuditEntry {
    /// Who asks, as far as it is proved.
    mutating func name(_ caller: Caller) {
        actor = caller.names.first ?? caller.credentialName ?? caller.certificate?.displayName
        issuer = caller.token?.issuer ?? caller.certificate?.authority
        subject = caller.token?.subject ?? caller.certificate?.certificate.subject
    }
}
