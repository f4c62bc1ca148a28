import FoundationEssentials
import GRDB
import SallyportAudit

extension SQLiteStore {
    package func commit(_ writes: [StoreWrite]) throws(StoreError) -> [StoreReceipt] {
        guard !writes.isEmpty else { return [] }
        do {
            var receipts: [StoreReceipt] = []
            try queue.inTransaction(.immediate) { db in
                var transaction = SQLiteTransaction(db: db, path: path)
                receipts = try writes.map { try transaction.apply($0) }
                return .commit
            }
            return receipts
        } catch {
            throw StoreError(path, error)
        }
    }
}

/// Writes of one transaction. The end of the audit trail is read within it, so that two processes make one chain.
private struct SQLiteTransaction {
    let db: Database
    let path: String
    private var knownHead: AuditHead?

    init(db: Database, path: String) {
        self.db = db
        self.path = path
    }

    mutating func apply(_ write: StoreWrite) throws -> StoreReceipt {
        switch write {
        case .audit(let entry): return try append(entry, behind: head())
        case .auditResuming(let entry, let sequence):
            let head = try head()
            return try append(entry, behind: AuditHead(sequence: max(sequence, head.sequence), hash: head.hash))
        case .checkpoint(let checkpoint): return try add(checkpoint)
        case .removal(let anchor): return try remove(upTo: anchor)
        case .usage(let row): return try add(row)
        case .certificate(let row): return try add(row)
        case .revocation(let authority, let serial, let time, let reason):
            return try run(
                """
                UPDATE certificate SET revoked_at = ?, revocation_reason = ?
                WHERE authority = ? AND serial = ? AND revoked_at IS NULL
                """, [time, reason, authority, serial])
        case .generation(let row):
            return try run(
                "INSERT INTO generation (number, process, loaded_at, source, changes) VALUES (?, ?, ?, ?, ?)",
                [row.number, row.process, row.loadedAt, row.source, row.changes])
        case .consoleUser(let row):
            return try run(
                "INSERT OR REPLACE INTO console_user (name, password_hash, role, created_at) VALUES (?, ?, ?, ?)",
                [row.name, row.passwordHash, row.role, row.createdAt])
        case .consoleUserRemoved(let name):
            return try run("DELETE FROM console_user WHERE name = ?", [name])
        }
    }

    // MARK: audit

    private mutating func head() throws -> AuditHead {
        if let knownHead { return knownHead }
        let head = try db.auditHead(path)
        knownHead = head
        return head
    }

    private mutating func append(_ entry: AuditEntry, behind head: AuditHead) throws -> StoreReceipt {
        guard head.sequence < AuditHead.mostRecords else {
            throw StoreError(.storeDamaged, path, "record \(head.sequence) has no number that can follow it")
        }
        let link = AuditLink(entry, behind: head)
        _ = try run(
            "INSERT INTO audit (seq, previous, body, hash) VALUES (?, ?, ?, ?)",
            [link.sequence, Data(link.previous.bytes), Data(link.body), Data(link.hash.bytes)])
        knownHead = link.head
        return .audit(link.head)
    }

    private func add(_ checkpoint: AuditCheckpoint) throws -> StoreReceipt {
        try run(
            "INSERT OR IGNORE INTO audit_checkpoint (kind, seq, hash, time, key, signature) VALUES (?, ?, ?, ?, ?, ?)",
            [
                checkpoint.kind.rawValue, checkpoint.head.sequence, Data(checkpoint.head.hash.bytes), checkpoint.time,
                checkpoint.key, Data(checkpoint.signature),
            ])
    }

    private func remove(upTo anchor: AuditCheckpoint) throws -> StoreReceipt {
        _ = try add(anchor)
        let end = anchor.head.sequence
        _ = try run("DELETE FROM audit WHERE seq <= ?", [end])
        return try run(
            "DELETE FROM audit_checkpoint WHERE seq < ? OR (seq = ? AND kind <> 'anchor')", [end, end])
    }

    // MARK: rows

    private func add(_ row: UsageRow) throws -> StoreReceipt {
        try run(
            """
            INSERT OR IGNORE INTO usage
            (request, time, identity, key, model, input_tokens, output_tokens, cost_micro_usd)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                row.request, row.time, row.identity, row.key, row.model, row.inputTokens, row.outputTokens,
                row.costMicroUSD,
            ])
    }

    private func add(_ row: CertificateRow) throws -> StoreReceipt {
        try run(
            """
            INSERT OR IGNORE INTO certificate
            (authority, serial, kind, name, subject, issued_at, not_after, revoked_at, revocation_reason)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                row.authority, row.serial, row.kind, row.name, row.subject, row.issuedAt, row.notAfter, row.revokedAt,
                row.revocationReason,
            ])
    }

    private func run(_ sql: String, _ arguments: StatementArguments) throws -> StoreReceipt {
        try db.cachedStatement(sql: sql).execute(arguments: arguments)
        return db.changesCount > 0 ? .done : .unchanged
    }
}
