import Foundation
import SallyportAudit
import SallyportModel
import SallyportStore
import Testing

/// What every store promises, whatever it is made of.
@Suite struct StoreContractTests {
    enum Backend: CaseIterable {
        case sqlite

        func open(in scratch: Scratch) throws -> any Store {
            switch self {
            case .sqlite: try SQLiteStore(path: scratch.database, isChecked: true)
            }
        }
    }

    private func usage(_ request: String, cost: Int64 = 7) -> UsageRow {
        UsageRow(
            request: request, time: 5, identity: "alice", key: nil, model: "smart", inputTokens: 10, outputTokens: 20,
            costMicroUSD: cost)
    }

    @Test(arguments: Backend.allCases) func recordsAreChained(backend: Backend) throws {
        let scratch = try Scratch()
        let store = try backend.open(in: scratch)
        #expect(try store.auditHead() == .empty)
        let receipts = try store.commit((1...5).map { .audit(scratch.entry("\($0)")) })
        let links = try store.auditLinks(after: 0, limit: 10)
        #expect(links.map(\.sequence) == [1, 2, 3, 4, 5])
        #expect(receipts == links.map { .audit($0.head) })
        #expect(links[0].previous == .none)
        for (before, link) in zip(links, links.dropFirst()) { #expect(link.previous == before.hash) }
        for link in links { #expect(AuditHash(after: link.previous, link.body) == link.hash) }
        #expect(links.compactMap { $0.record?.entry.object } == ["1", "2", "3", "4", "5"])
        #expect(try store.auditHead() == links[4].head)
        #expect(try store.auditLinks(after: 3, limit: 1).map(\.sequence) == [4])
        try store.close()
        #expect(try backend.open(in: scratch).auditHead() == links[4].head)
    }

    @Test(arguments: Backend.allCases) func aCommitIsAllOrNothing(backend: Backend) throws {
        let scratch = try Scratch()
        let store = try backend.open(in: scratch)
        _ = try store.commit([.audit(scratch.entry("1"))])
        // The hash of an anchor is looked for in the next transaction; one that is none there fails in this one.
        #expect(throws: StoreError.self) {
            try store.commit([.audit(scratch.entry("2")), .usage(usage("r1")), .audit(scratch.entry("3")), self.impossible])
        }
        #expect(try store.auditHead().sequence == 1)
        #expect(try store.usage(limit: 5).isEmpty)
        #expect(try store.commit([.audit(scratch.entry("2"))]).count == 1)
    }

    /// Resuming behind the highest number that there can be leaves none for the record.
    private var impossible: StoreWrite {
        .auditResuming(AuditEntry(.recordingResumed, .done, at: 1), behind: .max)
    }

    @Test(arguments: Backend.allCases) func aRequestIsCountedOnce(backend: Backend) throws {
        let store = try backend.open(in: Scratch())
        #expect(try store.commit([.usage(usage("r1")), .usage(usage("r1", cost: 9)), .usage(usage("r2"))]) == [.done, .unchanged, .done])
        #expect(try store.commit([.usage(usage("r2"))]) == [.unchanged])
        #expect(try store.usage(limit: 10) == [usage("r1"), usage("r2")])
    }

    @Test(arguments: Backend.allCases) func certificatesAreRevokedOnce(backend: Backend) throws {
        let store = try backend.open(in: Scratch())
        let row = CertificateRow(
            authority: "local", serial: "0A", kind: "client", name: "alice", subject: "CN=alice", issuedAt: 1, notAfter: 9)
        #expect(try store.commit([.certificate(row), .certificate(row)]) == [.done, .unchanged])
        let revocation = StoreWrite.revocation(authority: "local", serial: "0A", at: 3, reason: "keyCompromise")
        #expect(try store.commit([revocation, .revocation(authority: "local", serial: "0A", at: 4, reason: "superseded")]) == [.done, .unchanged])
        #expect(try store.commit([.revocation(authority: "other", serial: "0A", at: 3, reason: "x")]) == [.unchanged])
        var revoked = row
        (revoked.revokedAt, revoked.revocationReason) = (3, "keyCompromise")
        #expect(try store.certificates(limit: 5) == [revoked])
    }

    @Test(arguments: Backend.allCases) func generationsAndUsersAreKept(backend: Backend) throws {
        let store = try backend.open(in: Scratch())
        let first = GenerationRow(number: 1, process: 7, loadedAt: 5, source: "a.yaml", changes: "")
        let second = GenerationRow(number: 2, process: 7, loadedAt: 6, source: "a.yaml", changes: "1 route changed")
        _ = try store.commit([.generation(first), .generation(second)])
        #expect(try store.generations(limit: 1) == [second])
        let ops = ConsoleUserRow(name: "ops", passwordHash: "h1", role: "admin", createdAt: 1)
        var changed = ops
        changed.passwordHash = "h2"
        _ = try store.commit([.consoleUser(ops), .consoleUser(changed)])
        #expect(try store.consoleUsers() == [changed])
        #expect(try store.commit([.consoleUserRemoved(name: "ops"), .consoleUserRemoved(name: "ops")]) == [.done, .unchanged])
        #expect(try store.consoleUsers().isEmpty)
    }

    /// Values are values, whatever they look like.
    @Test(arguments: Backend.allCases) func valuesAreNeverStatements(backend: Backend) throws {
        let scratch = try Scratch()
        let store = try backend.open(in: scratch)
        let hostile = "'); DROP TABLE usage; --\u{0}\"\\ü"
        _ = try store.commit([.usage(usage(hostile)), .audit(scratch.entry(hostile))])
        #expect(try store.usage(limit: 1) == [usage(hostile)])
        #expect(try store.usage(limit: 1).first?.request == hostile.replacing("\0", with: "\u{FFFD}"))
        #expect(try store.auditLinks(after: 0, limit: 1).first?.record?.entry.object == hostile)
    }

    @Test(arguments: Backend.allCases) func aCopyIsWhole(backend: Backend) throws {
        let scratch = try Scratch()
        let store = try backend.open(in: scratch)
        _ = try store.commit([.audit(scratch.entry("1")), .usage(usage("r1"))])
        let copy = scratch.path + "/copy.db"
        try store.backup(to: copy)
        #expect(try FileManager.default.attributesOfItem(atPath: copy)[.posixPermissions] as? Int == 0o600)
        let again = try SQLiteStore(path: copy, isChecked: true)
        #expect(try again.auditHead() == store.auditHead())
        #expect(try again.usage(limit: 1) == [usage("r1")])
        // What is there is never overwritten.
        #expect { try store.backup(to: copy) } throws: { ($0 as? StoreError)?.reason == .storeBackupFailed }
        #expect(try SQLiteStore(path: copy, isChecked: true).usage(limit: 1).count == 1)
    }

    /// Several writers at once, each with a connection of its own: one chain, no gap, nobody's record lost.
    @Test(arguments: Backend.allCases) func severalWritersMakeOneChain(backend: Backend) async throws {
        let scratch = try Scratch()
        _ = try backend.open(in: scratch)
        let database = scratch.database
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<4 {
                group.addTask {
                    let store = try SQLiteStore(path: database, isChecked: false)
                    for index in 0..<25 {
                        _ = try store.commit([.audit(AuditEntry(.keyCreated, .done, at: 1, object: "\(writer).\(index)"))])
                    }
                    try store.close()
                }
            }
            try await group.waitForAll()
        }
        var verifier = AuditVerifier(.init(checkpoints: [], mark: nil, needsMark: false, keys: []))
        let links = try backend.open(in: scratch).auditLinks(after: 0, limit: 1000)
        for link in links { verifier.take(link) }
        #expect(verifier.finish().isSound)
        #expect(Set(links.compactMap { $0.record?.entry.object }).count == 100)
    }
}
