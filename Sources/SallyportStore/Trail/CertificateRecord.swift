import SallyportAudit
import SallyportModel

/// What is written about a certificate of the built-in authority: the record and the row.
package struct CertificateRecord: Sendable {
    package let entry: AuditEntry
    package let row: StoreWrite

    /// - Parameters:
    ///   - kind: `client` or `server`
    ///   - actor: whoever had it issued.
    ///   - way: by which they did: a command, `acme`, `enrolment`, `renewal`.
    package init(
        issued facts: CertificateFacts, kind: String, name: String, actor: String, way: String, address: String? = nil
    ) {
        let now = UnixTime.nanoseconds()
        entry = AuditEntry(
            .certificateIssued, .done, at: now, actor: actor, object: "\(kind) \(name) serial \(facts.serial)",
            address: address, detail: "\(way): \(facts.subject)")
        row = .certificate(
            CertificateRow(
                authority: Self.authority, serial: facts.serial, kind: kind, name: name, subject: facts.subject,
                issuedAt: now / 1_000_000_000, notAfter: facts.notAfter))
    }

    package init(revoked serial: String, kind: String, name: String, reason: String, actor: String, way: String) {
        let now = UnixTime.nanoseconds()
        entry = AuditEntry(
            .certificateRevoked, .done, at: now, actor: actor, object: "\(kind) \(name) serial \(serial)",
            detail: "\(way): \(reason)")
        row = .revocation(authority: Self.authority, serial: serial, at: now / 1_000_000_000, reason: reason)
    }

    /// The built-in one, as `pki.authorities` calls it.
    private static let authority = "local"
}
