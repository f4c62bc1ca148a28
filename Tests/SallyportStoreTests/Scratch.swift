import Foundation
import GRDB
import SallyportAudit
import SallyportPKI
import SallyportStore

/// A state directory that is there for one test.
final class Scratch: Sendable {
    let state: StateDirectory
    var path: String { state.path }
    var database: String { AuditTrail.databasePath(state) }

    init() throws {
        let path = "/tmp/sallyport-store-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        state = StateDirectory(path: path)
    }

    deinit {
        do { try FileManager.default.removeItem(atPath: path) } catch { print("left behind: \(path)") }
    }

    func entry(_ object: String, at time: Int64 = 1_000) -> AuditEntry {
        AuditEntry(.keyCreated, .done, at: time, object: object)
    }

    /// What somebody can do who may write to the file: whatever the triggers say.
    func tamper(_ sql: String...) throws {
        let queue = try DatabaseQueue(path: database)
        try queue.write { db in
            try db.execute(sql: "DROP TRIGGER IF EXISTS audit_is_never_changed")
            try db.execute(sql: "DROP TRIGGER IF EXISTS audit_is_removed_behind_anchors")
            for statement in sql { try db.execute(sql: statement) }
        }
        try queue.close()
    }

    /// A trail with this many records, closed.
    func fill(_ count: Int) throws {
        let trail = try AuditTrail(in: state, isChecked: false)
        for index in 1...count { try trail.commit([.audit(entry("\(index)"))]) }
        try trail.close()
    }

    func verify() throws -> AuditReport {
        let inspection = try AuditInspection(of: state)
        defer { do { try inspection.store.close() } catch { print("not closed") } }
        return try inspection.verify()
    }
}
