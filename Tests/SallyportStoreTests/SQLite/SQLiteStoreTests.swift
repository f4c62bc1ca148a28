import Foundation
import GRDB
import SallyportAudit
import SallyportModel
import SallyportStore
import Testing

@Suite struct SQLiteStoreTests {
    private func reason(_ work: () throws -> Void) -> Reason? {
        do { try work() } catch { return (error as? StoreError)?.reason }
        return nil
    }

    @Test func theFilesArePrivate() throws {
        let scratch = try Scratch()
        let store = try SQLiteStore(path: scratch.database, isChecked: true)
        _ = try store.commit([.audit(scratch.entry("1"))])
        for suffix in ["", "-wal", "-shm"] {
            let mode = try FileManager.default.attributesOfItem(atPath: scratch.database + suffix)[.posixPermissions]
            #expect(mode as? Int == 0o600)
        }
    }

    @Test func writesAreSynced() throws {
        let scratch = try Scratch()
        let store = try SQLiteStore(path: scratch.database, isChecked: true)
        #expect(try store.journal() == "wal, synchronous 2")
    }

    @Test func aFileThatOthersMayReadIsRefused() throws {
        let scratch = try Scratch()
        try SQLiteStore(path: scratch.database, isChecked: false).close()
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: scratch.database)
        #expect(reason { _ = try SQLiteStore(path: scratch.database, isChecked: false) } == .storeNotOpened)
    }

    @Test func aLinkIsNotFollowed() throws {
        let scratch = try Scratch()
        try FileManager.default.createSymbolicLink(atPath: scratch.database, withDestinationPath: scratch.path + "/other.db")
        #expect(reason { _ = try SQLiteStore(path: scratch.database, isChecked: false) } == .storeNotOpened)
        #expect(!FileManager.default.fileExists(atPath: scratch.path + "/other.db"))
    }

    @Test func whatIsNoDatabaseIsRefused() throws {
        let scratch = try Scratch()
        _ = FileManager.default.createFile(
            atPath: scratch.database, contents: Data(repeating: 0x61, count: 8192), attributes: [.posixPermissions: 0o600])
        #expect(reason { _ = try SQLiteStore(path: scratch.database, isChecked: false) } == .storeDamaged)
    }

    @Test func anotherProgramsDatabaseIsRefused() throws {
        let scratch = try Scratch()
        let queue = try DatabaseQueue(path: scratch.database)
        try queue.write { try $0.execute(sql: "CREATE TABLE theirs (a)") }
        try queue.close()
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: scratch.database)
        #expect(reason { _ = try SQLiteStore(path: scratch.database, isChecked: false) } == .storeNotOpened)
    }

    @Test func aNewerSchemaIsRefused() throws {
        let scratch = try Scratch()
        try SQLiteStore(path: scratch.database, isChecked: false).close()
        try scratch.tamper("INSERT INTO schema_version VALUES (999, 1)")
        #expect(reason { _ = try SQLiteStore(path: scratch.database, isChecked: false) } == .storeTooNew)
    }

    /// Each page but the first is overwritten once: damage is told, or the page was not in use. Never a crash.
    @Test func damageIsFoundAtTheStart() throws {
        let scratch = try Scratch()
        let store = try SQLiteStore(path: scratch.database, isChecked: true)
        for part in 0..<40 { _ = try store.commit((0..<20).map { .audit(scratch.entry("\(part) \($0)")) }) }
        try store.close()
        let whole = try Data(contentsOf: URL(filePath: scratch.database))
        var found = 0
        for page in stride(from: 4096, to: whole.count, by: 4096) {
            var damaged = whole
            damaged.replaceSubrange(page..<(page + 512), with: Data(repeating: 0xa5, count: 512))
            try damaged.write(to: URL(filePath: scratch.database))
            if reason({ _ = try SQLiteStore(path: scratch.database, isChecked: true) }) == .storeDamaged { found += 1 }
        }
        #expect(found > 10)
    }

    @Test func recordsAreNeitherChangedNorRemovedByStatements() throws {
        let scratch = try Scratch()
        let store = try SQLiteStore(path: scratch.database, isChecked: true)
        _ = try store.commit([.audit(scratch.entry("1"))])
        let queue = try DatabaseQueue(path: scratch.database)
        #expect(throws: DatabaseError.self) { try queue.write { try $0.execute(sql: "UPDATE audit SET body = x'00'") } }
        #expect(throws: DatabaseError.self) { try queue.write { try $0.execute(sql: "DELETE FROM audit") } }
    }

    /// A value of another kind in a table that somebody made anew is damage, never a crash.
    @Test func valuesOfAnotherKindAreDamage() throws {
        let scratch = try Scratch()
        try SQLiteStore(path: scratch.database, isChecked: false).close()
        try scratch.tamper(
            "DROP TABLE audit", "CREATE TABLE audit (seq, previous, body, hash)",
            "INSERT INTO audit VALUES ('text', 1, NULL, 'h')", "DROP TABLE usage",
            "CREATE TABLE usage (request, time, identity, key, model, input_tokens, output_tokens, cost_micro_usd)",
            "INSERT INTO usage VALUES (x'00', 'x', 1.5, x'01', NULL, 'a', 'b', 'c')")
        let store = try SQLiteStore(path: scratch.database, isChecked: false)
        #expect(reason { _ = try store.auditHead() } == .storeDamaged)
        #expect(reason { _ = try store.auditLinks(after: 0, limit: 5) } == .storeDamaged)
        #expect(reason { _ = try store.usage(limit: 5) } == .storeDamaged)
        #expect(reason { _ = try store.commit([.audit(scratch.entry("1"))]) } == .storeDamaged)
    }
}
