import FoundationEssentials
import GRDB
import SallyportAudit

// What is read may have been changed by somebody else: a value of another kind is damage, never a crash.
extension SQLiteStore {
    package func auditHead() throws(StoreError) -> AuditHead {
        try read { [path] db in try db.auditHead(path) }
    }

    package func auditLinks(after sequence: Int64, limit: Int) throws(StoreError) -> [AuditLink] {
        try read { [path] db in
            try Row.fetchAll(
                db, sql: "SELECT seq, previous, body, hash FROM audit WHERE seq > ? ORDER BY seq LIMIT ?",
                arguments: [sequence, limit]
            ).map { row in
                // A hash of another length is one that does not fit.
                AuditLink(
                    sequence: try row.value("seq", path), previous: AuditHash(row.bytes("previous")) ?? .none,
                    body: row.bytes("body"), hash: AuditHash(row.bytes("hash")) ?? .none)
            }
        }
    }

    package func auditCheckpoints() throws(StoreError) -> [AuditCheckpoint] {
        try read { [path] db in
            try Row.fetchAll(
                db, sql: "SELECT kind, seq, hash, time, key, signature FROM audit_checkpoint ORDER BY seq"
            ).compactMap { row in
                guard let kind = AuditCheckpoint.Kind(rawValue: try row.value("kind", path)) else { return nil }
                let head = AuditHead(
                    sequence: try row.value("seq", path), hash: AuditHash(row.bytes("hash")) ?? .none)
                return AuditCheckpoint(
                    kind: kind, head: head, time: try row.value("time", path), key: try row.value("key", path),
                    signature: row.bytes("signature"))
            }
        }
    }

    package func usage(limit: Int) throws(StoreError) -> [UsageRow] {
        try read { [path] db in
            try Row.fetchAll(db, sql: "SELECT * FROM usage ORDER BY time DESC, request LIMIT ?", arguments: [limit])
                .map { row in
                    UsageRow(
                        request: try row.value("request", path), time: try row.value("time", path),
                        identity: row.optional("identity"), key: row.optional("key"),
                        model: try row.value("model", path), inputTokens: try row.value("input_tokens", path),
                        outputTokens: try row.value("output_tokens", path),
                        costMicroUSD: try row.value("cost_micro_usd", path))
                }
        }
    }

    package func certificates(limit: Int) throws(StoreError) -> [CertificateRow] {
        try read { [path] db in
            try Row.fetchAll(
                db, sql: "SELECT * FROM certificate ORDER BY issued_at DESC, serial LIMIT ?", arguments: [limit]
            ).map { row in
                CertificateRow(
                    authority: try row.value("authority", path), serial: try row.value("serial", path),
                    kind: try row.value("kind", path), name: try row.value("name", path),
                    subject: try row.value("subject", path), issuedAt: try row.value("issued_at", path),
                    notAfter: try row.value("not_after", path), revokedAt: row.optional("revoked_at"),
                    revocationReason: row.optional("revocation_reason"))
            }
        }
    }

    package func generations(limit: Int) throws(StoreError) -> [GenerationRow] {
        try read { [path] db in
            try Row.fetchAll(db, sql: "SELECT * FROM generation ORDER BY id DESC LIMIT ?", arguments: [limit])
                .map { row in
                    GenerationRow(
                        number: try row.value("number", path), process: try row.value("process", path),
                        loadedAt: try row.value("loaded_at", path), source: try row.value("source", path),
                        changes: try row.value("changes", path))
                }
        }
    }

    package func consoleUsers() throws(StoreError) -> [ConsoleUserRow] {
        try read { [path] db in
            try Row.fetchAll(db, sql: "SELECT * FROM console_user ORDER BY name").map { row in
                ConsoleUserRow(
                    name: try row.value("name", path), passwordHash: try row.value("password_hash", path),
                    role: try row.value("role", path), createdAt: try row.value("created_at", path))
            }
        }
    }
}

extension Database {
    /// The last record, else the anchor that the chain begins at.
    func auditHead(_ path: String) throws -> AuditHead {
        let sql = "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1"
        let anchor = "SELECT seq, hash FROM audit_checkpoint WHERE kind = 'anchor' ORDER BY seq DESC LIMIT 1"
        guard let row = try Row.fetchOne(self, sql: sql) ?? Row.fetchOne(self, sql: anchor) else { return .empty }
        guard let hash = AuditHash(row.bytes("hash")) else {
            throw StoreError(.storeDamaged, path, "the last audit record has no hash")
        }
        return AuditHead(sequence: try row.value("seq", path), hash: hash)
    }
}

extension Row {
    fileprivate func value<Value: DatabaseValueConvertible>(_ column: String, _ path: String) throws -> Value {
        guard let value: Value = optional(column) else {
            throw StoreError(.storeDamaged, path, "column \(column) holds something else than it should")
        }
        return value
    }

    fileprivate func optional<Value: DatabaseValueConvertible>(_ column: String) -> Value? {
        Value.fromDatabaseValue(self[column] as DatabaseValue)
    }

    /// Empty for what is not there.
    fileprivate func bytes(_ column: String) -> [UInt8] { (optional(column) as Data?).map(Array.init) ?? [] }
}
