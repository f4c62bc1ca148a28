import Foundation
import SallyportAudit
import SallyportModel
import SallyportStore
import Testing

@Suite struct AuditTrailTests {
    private func refusal(_ scratch: Scratch) -> Reason? {
        do {
            try AuditTrail(in: scratch.state, isChecked: true).close()
            return nil
        } catch { return error.reason }
    }

    @Test func aTrailIsContinued() throws {
        let scratch = try Scratch()
        try scratch.fill(3)
        try scratch.fill(2)
        let report = try scratch.verify()
        #expect(report.isSound)
        #expect((report.records, report.checkpoints) == (5, 2))
        let mode = try FileManager.default.attributesOfItem(atPath: scratch.path + "/audit/key")[.posixPermissions]
        #expect(mode as? Int == 0o600)
    }

    @Test func aCutOffEndIsFoundAtTheStartAndByVerify() throws {
        let scratch = try Scratch()
        try scratch.fill(9)
        try scratch.tamper("DELETE FROM audit WHERE seq > 6", "DELETE FROM audit_checkpoint")
        #expect(refusal(scratch) == .auditNotSound)
        #expect(try scratch.verify().findings == [.cutOff(7...9)])
    }

    @Test func deletedChangedAndReorderedAreNamed() throws {
        let scratch = try Scratch()
        try scratch.fill(20)
        try scratch.tamper(
            "DELETE FROM audit WHERE seq = 4",
            "UPDATE audit SET body = CAST(replace(CAST(body AS TEXT), '\"object\":\"9\"', '\"object\":\"0\"') AS BLOB) WHERE seq = 9",
            "UPDATE audit SET seq = -1 WHERE seq = 14", "UPDATE audit SET seq = 14 WHERE seq = 15",
            "UPDATE audit SET seq = 15 WHERE seq = -1")
        #expect(
            try scratch.verify().findings == [
                .deleted(4...4), .changed(9), .reordered(place: 14, holds: 15), .reordered(place: 15, holds: 14),
            ])
    }

    @Test func aDeletedDatabaseIsFound() throws {
        let scratch = try Scratch()
        try scratch.fill(3)
        for suffix in ["", "-wal", "-shm"] where FileManager.default.fileExists(atPath: scratch.database + suffix) {
            try FileManager.default.removeItem(atPath: scratch.database + suffix)
        }
        #expect(refusal(scratch) == .auditNotSound)
    }

    @Test func aMissingOrForeignMarkIsFound() throws {
        let scratch = try Scratch()
        try scratch.fill(3)
        let mark = scratch.path + "/audit/mark"
        try FileManager.default.removeItem(atPath: mark)
        #expect(refusal(scratch) == .auditNotSound)
        #expect(try scratch.verify().findings == [.markMissing])
        let other = try Scratch()
        try other.fill(3)
        try FileManager.default.copyItem(atPath: other.path + "/audit/mark", toPath: mark)
        #expect(refusal(scratch) == .auditNotSound)
        #expect(try scratch.verify().findings == [.markForged])
    }

    @Test(arguments: ["", "00\n", "zz", String(repeating: "0", count: 65)])
    func aDamagedKeyIsFound(text: String) throws {
        let scratch = try Scratch()
        try scratch.fill(1)
        let key = scratch.path + "/audit/key"
        try text.write(toFile: key, atomically: false, encoding: .utf8)
        #expect(refusal(scratch) == .auditKeyUnusable)
    }

    @Test func aMissingKeyIsNotReplaced() throws {
        let scratch = try Scratch()
        try scratch.fill(1)
        try FileManager.default.removeItem(atPath: scratch.path + "/audit/key")
        #expect(refusal(scratch) == .auditKeyUnusable)
        #expect(!FileManager.default.fileExists(atPath: scratch.path + "/audit/key"))
    }

    @Test func aKeyThatOthersMayReadIsRefused() throws {
        let scratch = try Scratch()
        try scratch.fill(1)
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: scratch.path + "/audit/key")
        #expect(refusal(scratch) == .auditKeyUnusable)
    }

    /// A backup of before is restored: the gap is declared, seen by everybody, and the trail goes on.
    @Test func recordingIsResumed() throws {
        let scratch = try Scratch()
        try scratch.fill(3)
        let backup = scratch.path + "/backup.db"
        try SQLiteStore(path: scratch.database, isChecked: false).backup(to: backup)
        try scratch.fill(4)
        try FileManager.default.removeItem(atPath: scratch.database)
        try FileManager.default.moveItem(atPath: backup, toPath: scratch.database)
        #expect(refusal(scratch) == .auditNotSound)
        let head = try AuditTrail.resume(in: scratch.state, actor: "os:root", because: "backup of Monday")
        #expect(head.sequence == 8)
        try scratch.fill(2)
        let report = try scratch.verify()
        #expect(report.isSound)
        #expect(report.declared == [.init(missing: 4...7, by: 8)])
        #expect(report.head.sequence == 10)
    }

    @Test func recordingIsResumedWithoutKey() throws {
        let scratch = try Scratch()
        try scratch.fill(3)
        let old = try #require(try AuditInspection(of: scratch.state).publicKey())
        try FileManager.default.removeItem(atPath: scratch.path + "/audit/key")
        _ = try AuditTrail.resume(in: scratch.state, actor: "os:root", because: "key lost")
        let report = try scratch.verify()
        #expect(report.isSound)
        #expect(report.unknownKeys == [old.id])
        let both = try AuditInspection(of: scratch.state).verify(keys: [old])
        #expect(both.unknownKeys.isEmpty)
        #expect(both.checkpoints == 2)
    }

    @Test func retentionRemovesOldRecords() throws {
        let scratch = try Scratch()
        let trail = try AuditTrail(in: scratch.state, isChecked: true)
        for time in 1...50 { try trail.commit([.audit(scratch.entry("\(time)", at: Int64(time)))]) }
        #expect(try trail.remove(before: 1) == 0)
        #expect(try trail.remove(before: 31) == 30)
        #expect(try trail.remove(before: 31) == 0)
        try trail.close()
        let report = try scratch.verify()
        #expect(report.isSound)
        #expect((report.first, report.records) == (31, 21))
        try scratch.fill(1)
        // The newest record stays, however old.
        let again = try AuditTrail(in: scratch.state, isChecked: true)
        #expect(try again.remove(before: .max) > 0)
        #expect(try again.store.auditLinks(after: 0, limit: 10).count == 2)
        try again.close()
        #expect(try scratch.verify().isSound)
    }

    @Test func checkpointsComeByNumber() throws {
        let scratch = try Scratch()
        let trail = try AuditTrail(in: scratch.state, isChecked: true)
        for _ in 0..<11 { try trail.commit((0..<200).map { .audit(scratch.entry("\($0)")) }) }
        #expect(try trail.store.auditCheckpoints().map(\.head.sequence) == [1000, 2000])
        try trail.close()
        #expect(try scratch.verify().checkpoints == 3)
    }

    /// A history that is rewritten or cut off while the gateway runs is not written on, and no mark is set over it.
    @Test(arguments: [
        ["UPDATE audit SET hash = zeroblob(32) WHERE seq = 5"], ["DELETE FROM audit WHERE seq > 3"],
        ["DELETE FROM audit"],
    ])
    func whatIsRewrittenUnderARunningProcessIsNotSigned(tampering: [String]) throws {
        let scratch = try Scratch()
        let trail = try AuditTrail(in: scratch.state, isChecked: true)
        for index in 1...5 { try trail.commit([.audit(scratch.entry("\(index)"))]) }
        try scratch.tamper(tampering[0])
        let refused = #expect(throws: StoreError.self) { try trail.commit([.audit(scratch.entry("6"))]) }
        #expect(refused?.reason == .auditNotSound)
        #expect(try !scratch.verify().isSound)
    }

    @Test func aMarkThatIsNoneIsNotWrittenOver() throws {
        let scratch = try Scratch()
        let trail = try AuditTrail(in: scratch.state, isChecked: true)
        try trail.commit([.audit(scratch.entry("1"))])
        try "nothing".write(toFile: scratch.path + "/audit/mark", atomically: false, encoding: .utf8)
        try trail.commit([.audit(scratch.entry("2"))])
        #expect(trail.markFails)
        #expect(refusal(scratch) == .auditNotSound)
    }

    @Test func twoProcessesWriteOneTrail() throws {
        let scratch = try Scratch()
        let (one, other) = (try AuditTrail(in: scratch.state, isChecked: false), try AuditTrail(in: scratch.state, isChecked: false))
        for index in 0..<20 { try (index % 3 == 0 ? one : other).commit([.audit(scratch.entry("\(index)"))]) }
        try one.close()
        try other.close()
        let report = try scratch.verify()
        #expect(report.isSound)
        #expect(report.records == 20)
        #expect(refusal(scratch) == nil)
    }
}
