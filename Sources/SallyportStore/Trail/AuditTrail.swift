import SallyportAudit
import SallyportModel
import SallyportPKI
import Synchronization

/// The audit trail of one state directory: the records in the store, and key and mark beside it.
///
/// It is opened only in one piece: a trail whose end is not where this gateway left it is not added to. Blocks for disk.
package final class AuditTrail: Sendable {
    /// Records after which a checkpoint is due, and seconds.
    package static let checkpointRecords: Int64 = 1000
    package static let checkpointSeconds: Int64 = 60
    /// Records removed in one transaction at most.
    package static let removalStep: Int64 = 10_000

    package let store: any Store
    package let key: AuditKey
    private let files: AuditFiles
    private let signed: Mutex<Signed>

    private struct Signed {
        /// The newest checkpoint of this process.
        var sequence: Int64
        var at: Int64
        var newest: AuditHead
        /// The mark could not be written, which was said already.
        var markFails = false
    }

    package static func databasePath(_ state: StateDirectory) -> String { state.path + "/sallyport.db" }

    /// - Parameter isChecked: look at every page of the database first.
    /// - Throws: auditNotSound when the end of the trail is missing, or somebody else's.
    package convenience init(in state: StateDirectory, isChecked: Bool) throws(StoreError) {
        let files = AuditFiles(state)
        try files.prepare()
        let store = try SQLiteStore(path: Self.databasePath(state), isChecked: isChecked)
        try self.init(store: store, files: files)
    }

    private init(store: any Store, files: AuditFiles, key: AuditKey, head: AuditHead) {
        self.store = store
        self.files = files
        self.key = key
        signed = Mutex(Signed(sequence: head.sequence, at: UnixTime.seconds(), newest: head))
    }

    private convenience init(store: any Store, files: AuditFiles) throws(StoreError) {
        let head = try store.auditHead()
        let mark = try files.mark()
        let key: AuditKey
        if let there = try files.key() {
            key = there
        } else {
            guard head.sequence == 0, case .none = mark else {
                throw StoreError(.auditKeyUnusable, files.keyPath, "it is missing, and there are records")
            }
            key = try files.makeKey()
        }
        switch mark {
        case .none where head.sequence == 0: try files.replaceMark(with: Self.sign(key, .mark, head, files))
        case .none: throw StoreError(.auditNotSound, files.markPath, "it is missing, and there are records")
        case .unreadable: throw StoreError(.auditNotSound, files.markPath, "it is not a mark that sallyport wrote")
        case .signed(let mark): try Self.compare(mark, store, key, files)
        }
        self.init(store: store, files: files, key: key, head: head)
    }

    private static func compare(
        _ mark: AuditCheckpoint, _ store: any Store, _ key: AuditKey, _ files: AuditFiles
    ) throws(StoreError) {
        guard key.publicKey.hasSigned(mark) else {
            throw StoreError(.auditNotSound, files.markPath, "its signature is not good")
        }
        guard mark.head.sequence > 0 else { return }
        let place = try store.auditLinks(after: mark.head.sequence - 1, limit: 1).first
        guard let place, place.sequence == mark.head.sequence else {
            // Removed when its time was over, by a process that then could not move the mark.
            let (first, head) = (try store.auditLinks(after: 0, limit: 1).first, try store.auditHead())
            guard let first, first.sequence > mark.head.sequence, first.previous != .none else {
                throw StoreError(
                    .auditNotSound, files.markPath,
                    "the trail ends with record \(head.sequence), and record \(mark.head.sequence) was written")
            }
            return
        }
        guard place.hash == mark.head.hash else {
            throw StoreError(
                .auditNotSound, files.markPath, "record \(place.sequence) is not the one that was written")
        }
    }

    // MARK: writing

    /// Durable when it returns.
    ///
    /// - Throws: auditNotSound where the newest record that this process knows is not the one that it was.
    @discardableResult
    package func commit(_ writes: [StoreWrite]) throws(StoreError) -> [StoreReceipt] {
        try confirmNewest()
        let receipts = try store.commit(writes)
        let last = receipts.reversed().lazy.compactMap { receipt -> AuditHead? in
            if case .audit(let head) = receipt { head } else { nil }
        }.first
        if let last { advance(to: last) }
        return receipts
    }

    /// Whoever can write to the database can rewrite what is in it. The next mark must not sign that.
    private func confirmNewest() throws(StoreError) {
        let newest = signed.withLock { $0.newest }
        guard newest.sequence > 0 else { return }
        if let place = try store.auditLinks(after: newest.sequence - 1, limit: 1).first, place.sequence == newest.sequence {
            guard place.hash == newest.hash else {
                throw StoreError(
                    .auditNotSound, "audit trail", "record \(place.sequence) is not the one that was written")
            }
            return
        }
        // Its time may have been over; an anchor stands for it then.
        let head = try store.auditHead()
        guard head.sequence >= newest.sequence else {
            throw StoreError(
                .auditNotSound, "audit trail",
                "it ends with record \(head.sequence), and record \(newest.sequence) was written")
        }
    }

    /// The records are durable whether the mark can be moved and the checkpoint written or not: both are tried again with
    /// the next record, and one that lags tells less, and nothing wrong.
    private func advance(to head: AuditHead) {
        let now = UnixTime.seconds()
        let isDue = signed.withLock { signed in
            signed.newest = head
            return head.sequence - signed.sequence >= Self.checkpointRecords || now - signed.at >= Self.checkpointSeconds
        }
        let result = Result { () throws(StoreError) in
            try files.advanceMark(to: Self.sign(key, .mark, head, files))
            if isDue { try checkpoint() }
        }
        signed.withLock { signed in
            if case .failure = result { signed.markFails = true } else { signed.markFails = false }
        }
    }

    /// Whether the newest attempt to move the mark or to sign failed.
    package var markFails: Bool { signed.withLock { $0.markFails } }

    /// Signs the newest record of this process, if it is not signed yet.
    package func checkpoint() throws(StoreError) {
        let newest = signed.withLock { $0.sequence < $0.newest.sequence ? $0.newest : nil }
        guard let newest else { return }
        _ = try store.commit([.checkpoint(Self.sign(key, .head, newest, files))])
        signed.withLock { signed in
            signed.sequence = max(signed.sequence, newest.sequence)
            signed.at = UnixTime.seconds()
        }
    }

    /// A checkpoint after some time without further records.
    package func tend() throws(StoreError) {
        let isDue = signed.withLock { $0.sequence < $0.newest.sequence && UnixTime.seconds() - $0.at >= Self.checkpointSeconds }
        if isDue { try checkpoint() }
    }

    /// Signs the end and closes the store. Nothing is called afterwards.
    package func close() throws(StoreError) {
        try checkpoint()
        try store.close()
    }

    private static func sign(
        _ key: AuditKey, _ kind: AuditCheckpoint.Kind, _ head: AuditHead, _ files: AuditFiles
    ) throws(StoreError) -> AuditCheckpoint {
        guard let checkpoint = key.sign(kind, head, at: UnixTime.seconds()) else {
            throw StoreError(.auditKeyUnusable, files.keyPath, "it signs nothing")
        }
        return checkpoint
    }

    // MARK: retention

    /// Removes records from before a time, oldest first, at most `removalStep` of them; the newest always stays.
    /// - Parameter time: nanoseconds since 1970.
    /// - Returns: how many.
    @discardableResult
    package func remove(before time: Int64) throws(StoreError) -> Int64 {
        guard let first = try store.auditLinks(after: 0, limit: 1).first else { return 0 }
        let head = try store.auditHead()
        guard head.sequence < AuditHead.mostRecords else { return 0 }
        var (low, high) = (first.sequence - 1, min(head.sequence - 1, first.sequence - 1 + Self.removalStep))
        while low < high {
            let middle = (low + high + 1) / 2
            guard let link = try store.auditLinks(after: middle - 1, limit: 1).first else { break }
            if let record = link.record, record.entry.time < time { low = middle } else { high = middle - 1 }
        }
        guard low >= first.sequence,
            let last = try store.auditLinks(after: low - 1, limit: 1).first, last.sequence == low
        else { return 0 }
        let words = "\(first.sequence) to \(low)"
        let entry = AuditEntry(.recordsRemoved, .done, at: UnixTime.nanoseconds(), object: words, detail: "their time was over")
        try commit([.audit(entry), .removal(anchor: Self.sign(key, .anchor, last.head, files))])
        return low - first.sequence + 1
    }

    // MARK: resuming

    /// Declares that what is missing is missing, and goes on behind it. Makes a new key when there is none.
    /// - Returns: the record that says so.
    package static func resume(
        in state: StateDirectory, actor: String, because: String
    ) throws(StoreError) -> AuditHead {
        let files = AuditFiles(state)
        try files.prepare()
        let store = try SQLiteStore(path: databasePath(state), isChecked: true)
        let oldKey = try files.key()
        let key = if let oldKey { oldKey } else { try files.makeKey() }
        let mark = try files.mark().checkpoint
        let trusted = mark.flatMap { key.publicKey.hasSigned($0) ? $0 : nil }
        let entry = AuditEntry(
            .recordingResumed, .done, at: UnixTime.nanoseconds(), actor: actor, object: words(mark, trusted, oldKey == nil),
            detail: because)
        let receipts = try store.commit([.auditResuming(entry, behind: trusted?.head.sequence ?? 0)])
        guard case .audit(let head)? = receipts.first else {
            throw StoreError(.storeWriteFailed, store.path, "the record has no place")
        }
        try files.replaceMark(with: sign(key, .mark, head, files))
        _ = try store.commit([.checkpoint(sign(key, .head, head, files))])
        try store.close()
        return head
    }

    private static func words(_ mark: AuditCheckpoint?, _ trusted: AuditCheckpoint?, _ isKeyNew: Bool) -> String {
        let end = trusted.map { "the trail had \($0.head.sequence) records" } ?? "how many records there were is not known"
        return end + (mark != nil && trusted == nil ? ", the mark was not good" : "") + (isKeyNew ? ", the key is new" : "")
    }
}
