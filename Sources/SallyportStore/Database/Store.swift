import SallyportAudit

/// Where the gateway keeps what it must not forget: audit records, what models cost, certificates, generations, users.
///
/// Every function blocks for disk and, rarely, for another process; none belongs on an event loop. Several processes
/// may use one store at a time: each commit is one transaction that nobody else writes in between.
package protocol Store: Sendable {
    /// Writes all of it or nothing. When it returns, the rows outlive a loss of power.
    /// - Returns: one receipt for each write, in their order.
    func commit(_ writes: [StoreWrite]) throws(StoreError) -> [StoreReceipt]

    /// The end of the audit trail.
    func auditHead() throws(StoreError) -> AuditHead
    /// Records behind a number, by ascending number.
    func auditLinks(after sequence: Int64, limit: Int) throws(StoreError) -> [AuditLink]
    /// Every checkpoint, by ascending number.
    func auditCheckpoints() throws(StoreError) -> [AuditCheckpoint]

    /// The newest ones, newest first.
    func usage(limit: Int) throws(StoreError) -> [UsageRow]
    func certificates(limit: Int) throws(StoreError) -> [CertificateRow]
    func generations(limit: Int) throws(StoreError) -> [GenerationRow]
    /// By name.
    func consoleUsers() throws(StoreError) -> [ConsoleUserRow]

    /// Looks at every page.
    /// - Throws: storeDamaged with the first damage that was found.
    func check() throws(StoreError)
    /// Writes a consistent copy to a file that is not there yet, while others go on writing.
    func backup(to path: String) throws(StoreError)
    func facts() throws(StoreError) -> StoreFacts
    /// Nothing is called afterwards.
    func close() throws(StoreError)
}

package enum StoreWrite: Sendable, Hashable {
    /// Behind the record that is the last one then.
    case audit(AuditEntry)
    /// Behind the record of this number, which is missing, as are those before it up to the last one.
    case auditResuming(AuditEntry, behind: Int64)
    case checkpoint(AuditCheckpoint)
    /// Removes the records up to an anchor, which takes their place.
    case removal(anchor: AuditCheckpoint)
    /// Counted once for each request, however often it is written.
    case usage(UsageRow)
    case certificate(CertificateRow)
    case revocation(authority: String, serial: String, at: Int64, reason: String)
    case generation(GenerationRow)
    /// In place of the user of this name.
    case consoleUser(ConsoleUserRow)
    case consoleUserRemoved(name: String)
}

package enum StoreReceipt: Sendable, Hashable {
    case audit(AuditHead)
    case done
    /// It was there already, or what it is about is not there; nothing was changed.
    case unchanged
}

/// What `sallyport store show` says.
package struct StoreFacts: Sendable, Hashable {
    package var engine: String
    package var schema: Int
    package var bytes: Int64
    /// Rows by table.
    package var rows: [(table: String, count: Int64)]

    package static func == (left: StoreFacts, right: StoreFacts) -> Bool {
        left.engine == right.engine && left.schema == right.schema && left.bytes == right.bytes
            && left.rows.elementsEqual(right.rows) { $0 == $1 }
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(bytes) }
}
