extension Reason {
    package static let storeNotOpened = Reason(
        8020, "The store cannot be opened", origin: .gateway,
        explanation: "The database `sallyport.db` in the state directory cannot be created, opened or written to, or it is no database of Sallyport.",
        fix: "See that the state directory can be written to by the user that runs the gateway and that the disk has room; docs/store.md says what is in it.")
    package static let storeDamaged = Reason(
        8021, "The store is damaged", origin: .gateway,
        explanation: "The database's own check found damage. The gateway does not start on it, because what it would write could be lost and what it reads could be wrong.",
        fix: "Stop the gateway, put a backup in the place of `sallyport.db` and remove `sallyport.db-wal` and `sallyport.db-shm`, then declare what is missing: sallyport audit resume --because \"restored backup\".")
    package static let storeTooNew = Reason(
        8022, "The store was written by a newer version", origin: .gateway,
        explanation: "The database has a schema that this version does not know. An older version that wrote to it could damage it.",
        fix: "Run the version that wrote it, or restore a backup from before the upgrade.")
    package static let storeWriteFailed = Reason(
        8023, "What has to be recorded cannot be recorded", status: 503, origin: .gateway,
        explanation: "A write to the database failed, for instance because the disk is full or has errors, or another process held the database for too long. A request that is answered only after its record is refused; nothing that was answered is lost.",
        fix: "The log has the system's words. Make room on the disk or replace it; the gateway goes on writing by itself.")
    package static let auditQueueFull = Reason(
        8024, "Too many records wait to be written", status: 503, origin: .gateway,
        explanation: "Records come faster than the disk takes them, or it takes none, and as many as are kept in memory wait already. Decisions that have to be recorded are not answered until there is room again.",
        fix: "Look for SP8023 in the log. With a slow disk keep fewer kinds of records: `audit.keep`.")
    package static let auditNotSound = Reason(
        8025, "The audit trail is not whole", origin: .gateway,
        explanation: "Records are missing, changed or reordered, or the end of the trail is not where this gateway left it: somebody changed the database, or a backup was restored. The gateway does not add to such a trail.",
        fix: "See what is wrong: sallyport audit verify. After a backup was restored, declare the gap: sallyport audit resume --because \"restored backup\".")
    package static let auditKeyUnusable = Reason(
        8026, "The key of the audit trail cannot be used", origin: .gateway,
        explanation: "`audit/key` in the state directory signs checkpoints. It is missing although there are records, or it is not a key, or others may read it.",
        fix: "Put it back from a backup with mode 600. If it is lost: sallyport audit resume --because \"key lost\" makes a new one; what the old one has signed is checked with `audit verify --key`.")
    package static let auditTooSlow = Reason(
        8027, "The record of a request was not written in time", status: 503, origin: .gateway,
        explanation: "The request is on a strict route, and its record was not on the disk within five seconds. It was not passed on. The record may still be written; it then stands for a request that was not answered.",
        fix: "Look at the load and the health of the disk that holds the state directory.")
    package static let storeBackupFailed = Reason(
        8028, "The backup was not made", origin: .gateway,
        explanation: "The copy of the database could not be written. A file that was there is never overwritten.",
        fix: "Name a file that does not exist, in a folder that can be written to and has room for the whole database.")

    static let storeReasons: [Reason] = [
        storeNotOpened, storeDamaged, storeTooNew, storeWriteFailed, auditQueueFull, auditNotSound, auditKeyUnusable,
        auditTooSlow, storeBackupFailed,
    ]
}
