import Glibc
import SallyportAudit
import SallyportModel
import SallyportPKI
import SallyportStore

/// Records what a command does. It writes to the store itself, whether a gateway runs or not: the store lets one
/// process at a time add to the trail.
struct OperatorAudit {
    private let trail: Result<AuditTrail, StoreError>

    /// For what gives somebody something: nothing is given when it cannot be recorded.
    static func required(in state: StateDirectory) throws(CommandFailure) -> OperatorAudit {
        do throws(StoreError) { return OperatorAudit(trail: .success(try AuditTrail(in: state, isChecked: false))) } catch {
            throw CommandFailure(error)
        }
    }

    /// For what takes something away: that is done first, whatever becomes of its record.
    static func wanted(in state: StateDirectory) -> OperatorAudit {
        OperatorAudit(trail: Result { () throws(StoreError) in try AuditTrail(in: state, isChecked: false) })
    }

    private init(trail: Result<AuditTrail, StoreError>) { self.trail = trail }

    /// On the disk when it returns. To be called once, after the deed.
    func record(_ entry: AuditEntry, _ rows: StoreWrite...) throws(CommandFailure) { try record([.audit(entry)] + rows) }

    func record(_ records: [CertificateRecord]) throws(CommandFailure) {
        try record(records.flatMap { [.audit($0.entry), $0.row] })
    }

    private func record(_ writes: [StoreWrite]) throws(CommandFailure) {
        do throws(StoreError) {
            let trail = try trail.get()
            try trail.commit(writes)
            try trail.close()
        } catch {
            throw CommandFailure(
                .failed, "it was done, but is not in the audit trail: \(error.reason.name): \(error.subject): \(error.detail)",
                fix: error.reason.fix.description)
        }
    }

    /// The user of the system that runs the command.
    static var actor: String { actor(of: getuid()) }

    static func actor(of user: uid_t?) -> String {
        guard let user else { return actor }
        guard let entry = getpwuid(user) else { return "os:\(user)" }
        return "os:" + String(cString: entry.pointee.pw_name)
    }
}

extension AuditEntry {
    /// Something that the user of the system did with a command.
    init(_ event: AuditEvent, object: String, detail: String? = nil, by actor: String = OperatorAudit.actor) {
        self.init(event, .done, at: UnixTime.nanoseconds(), actor: actor, object: object, detail: detail)
    }
}
