/// The tables, step by step. A step that was released is never changed; what is new is a further step.
enum SQLiteSchema {
    /// `SPDB`: no other program's database is taken for ours.
    static let applicationID: Int64 = 0x5350_4442
    static var newest: Int { steps.count }

    static let tables = [
        "audit", "audit_checkpoint", "usage", "certificate", "generation", "console_user",
    ]

    /// The step at index 0 makes version 1.
    static let steps: [[String]] = [
        [
            """
            CREATE TABLE audit (
                seq INTEGER PRIMARY KEY, previous BLOB NOT NULL CHECK (length(previous) = 32),
                body BLOB NOT NULL, hash BLOB NOT NULL CHECK (length(hash) = 32)
            ) STRICT
            """,
            """
            CREATE TABLE audit_checkpoint (
                kind TEXT NOT NULL, seq INTEGER NOT NULL, hash BLOB NOT NULL, time INTEGER NOT NULL,
                key TEXT NOT NULL, signature BLOB NOT NULL, PRIMARY KEY (seq, kind, key)
            ) STRICT, WITHOUT ROWID
            """,
            """
            CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
            BEGIN SELECT RAISE(ABORT, 'audit records are never changed'); END
            """,
            """
            CREATE TRIGGER audit_is_removed_behind_anchors BEFORE DELETE ON audit
            WHEN OLD.seq > coalesce((SELECT max(seq) FROM audit_checkpoint WHERE kind = 'anchor'), 0)
            BEGIN SELECT RAISE(ABORT, 'audit records are removed up to an anchor only'); END
            """,
            """
            CREATE TABLE usage (
                request TEXT PRIMARY KEY, time INTEGER NOT NULL, identity TEXT, key TEXT, model TEXT NOT NULL,
                input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, cost_micro_usd INTEGER NOT NULL
            ) STRICT
            """,
            "CREATE INDEX usage_by_time ON usage (time)",
            """
            CREATE TABLE certificate (
                authority TEXT NOT NULL, serial TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
                subject TEXT NOT NULL, issued_at INTEGER NOT NULL, not_after INTEGER NOT NULL, revoked_at INTEGER,
                revocation_reason TEXT, PRIMARY KEY (authority, serial)
            ) STRICT
            """,
            """
            CREATE TABLE generation (
                id INTEGER PRIMARY KEY, number INTEGER NOT NULL, process INTEGER NOT NULL, loaded_at INTEGER NOT NULL,
                source TEXT NOT NULL, changes TEXT NOT NULL
            ) STRICT
            """,
            """
            CREATE TABLE console_user (
                name TEXT PRIMARY KEY, password_hash TEXT NOT NULL, role TEXT NOT NULL, created_at INTEGER NOT NULL
            ) STRICT
            """,
        ]
    ]
}
