import GRDB
import Glibc
import SallyportAudit
import SallyportModel

/// The embedded store: one file of SQLite.
///
/// Write-ahead log with `synchronous = FULL`: a commit that was acknowledged outlives a crash and a loss of power. Other
/// processes wait for each other for `patience`.
package final class SQLiteStore: Store {
    /// For other processes to end their transaction.
    static let patience = 5.0

    package let path: String
    let queue: DatabaseQueue

    /// Opens the database, made first where there is none, and brings its tables up to date.
    /// - Parameter isChecked: look at every page first; takes about a second for a gigabyte.
    package init(path: String, isChecked: Bool) throws(StoreError) {
        self.path = path
        try Self.prepareFile(path)
        do {
            queue = try DatabaseQueue(path: path, configuration: Self.configuration())
        } catch {
            throw StoreError(opening: path, error)
        }
        try setUp()
        if isChecked { try check() }
    }

    private static func configuration() -> Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(patience)
        configuration.journalMode = .wal
        configuration.label = "sallyport.store"
        return configuration
    }

    /// Private from its first byte on; the files beside it get their mode from it.
    private static func prepareFile(_ path: String) throws(StoreError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StoreError(.storeNotOpened, path, String(cString: strerror(errno))) }
        defer { Glibc.close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw StoreError(.storeNotOpened, path, "it is not an ordinary file")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw StoreError(.storeNotOpened, path, "others than its owner may read or write it; chmod 600 it")
        }
    }

    private func setUp() throws(StoreError) {
        let now = UnixTime.seconds()
        do {
            try queue.writeWithoutTransaction { db in
                // The library asks for less with this journal.
                try db.execute(sql: "PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON")
                guard try Int64.fetchOne(db, sql: "PRAGMA synchronous") == 2 else {
                    throw StoreError(.storeNotOpened, path, "the database does not sync its writes")
                }
            }
            try queue.inTransaction(.immediate) { db in
                try Self.migrate(db, path, at: now)
                return .commit
            }
        } catch {
            throw StoreError(opening: path, error)
        }
    }

    private static func migrate(_ db: Database, _ path: String, at now: Int64) throws {
        let owner = try Int64.fetchOne(db, sql: "PRAGMA application_id") ?? 0
        if owner == 0 {
            guard try Int64.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") == 0 else {
                throw StoreError(.storeNotOpened, path, "it is a database of another program")
            }
            try db.execute(sql: "PRAGMA application_id = \(SQLiteSchema.applicationID)")
            try db.execute(
                sql: "CREATE TABLE schema_version (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL) STRICT")
        } else if owner != SQLiteSchema.applicationID {
            throw StoreError(.storeNotOpened, path, "it is a database of another program")
        }
        let version = Int(try Int64.fetchOne(db, sql: "SELECT max(version) FROM schema_version") ?? 0)
        guard version <= SQLiteSchema.newest else {
            throw StoreError(
                .storeTooNew, path, "its schema is version \(version), this program knows \(SQLiteSchema.newest)")
        }
        for (index, step) in SQLiteSchema.steps.enumerated().dropFirst(max(0, version)) {
            for statement in step { try db.execute(sql: statement) }
            try db.execute(
                sql: "INSERT INTO schema_version (version, applied_at) VALUES (?, ?)", arguments: [index + 1, now])
        }
    }

    // MARK: looking after

    package func check() throws(StoreError) {
        try read { db in
            let findings = try String.fetchAll(db, sql: "PRAGMA integrity_check(3)")
            guard findings == ["ok"] else {
                throw StoreError(.storeDamaged, self.path, findings.joined(separator: "; "))
            }
        }
    }

    package func backup(to target: String) throws(StoreError) {
        let descriptor = open(target, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw StoreError(.storeBackupFailed, target, String(cString: strerror(errno)))
        }
        defer { Glibc.close(descriptor) }
        do {
            try queue.writeWithoutTransaction { db in
                try db.execute(sql: "VACUUM INTO ?", arguments: [target])
            }
            guard fsync(descriptor) == 0 else {
                throw StoreError(.storeBackupFailed, target, String(cString: strerror(errno)))
            }
        } catch {
            unlink(target)
            throw StoreError(.storeBackupFailed, target, StoreError(path, error).detail)
        }
    }

    package func facts() throws(StoreError) -> StoreFacts {
        try read { db in
            let version = try String.fetchOne(db, sql: "SELECT sqlite_version()") ?? ""
            let schema = try Int64.fetchOne(db, sql: "SELECT max(version) FROM schema_version") ?? 0
            let pages = try Int64.fetchOne(db, sql: "PRAGMA page_count") ?? 0
            let size = try Int64.fetchOne(db, sql: "PRAGMA page_size") ?? 0
            let rows = try SQLiteSchema.tables.map { table in
                (table: table, count: try Int64.fetchOne(db, sql: "SELECT count(*) FROM \(table)") ?? 0)
            }
            return StoreFacts(engine: "SQLite \(version)", schema: Int(schema), bytes: pages * size, rows: rows)
        }
    }

    /// How writes reach the disk.
    package func journal() throws(StoreError) -> String {
        try read { db in
            let mode = try String.fetchOne(db, sql: "PRAGMA journal_mode") ?? ""
            return "\(mode), synchronous \(try Int64.fetchOne(db, sql: "PRAGMA synchronous") ?? -1)"
        }
    }

    package func close() throws(StoreError) {
        do { try queue.close() } catch { throw StoreError(path, error) }
    }

    // MARK: access

    func read<Value: Sendable>(_ body: @Sendable (Database) throws -> Value) throws(StoreError) -> Value {
        do { return try queue.read(body) } catch { throw StoreError(path, error) }
    }
}

extension StoreError {
    /// What the library says, without the statement and its values.
    init(_ path: String, _ error: any Error, otherwise reason: Reason = .storeWriteFailed) {
        switch error {
        case let error as StoreError: self = error
        case let error as DatabaseError:
            let isDamage = [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode)
            let words = error.message ?? "SQLite error \(error.extendedResultCode.rawValue)"
            let code = "SQLite code \(error.extendedResultCode.rawValue)"
            self.init(isDamage ? .storeDamaged : reason, path, "\(words) (\(code))")
        default: self.init(reason, path, "unexpected: \(type(of: error))")
        }
    }

    init(opening path: String, _ error: any Error) {
        self.init(path, error, otherwise: .storeNotOpened)
    }
}
