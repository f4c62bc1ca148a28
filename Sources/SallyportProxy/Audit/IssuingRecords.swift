import SallyportAudit
import SallyportModel
import SallyportPKI
import SallyportStore

extension AuditRecorder {
    /// A certificate for somebody else: it is handed out once this returns.
    func recordIssued(_ certified: CertifiedKey, to actor: String, by way: String) throws(PKIError) {
        let record = CertificateRecord(
            issued: certified.facts, kind: certified.kind.rawValue, name: certified.name, actor: actor, way: way)
        try carryOut { () throws(StoreError) in try commit(record.entry, record.row) }
    }

    func recordRevoked(_ revoked: [IssuedRecord], by way: String) throws(PKIError) {
        for certificate in revoked {
            let record = CertificateRecord(
                revoked: certificate.serial, kind: certificate.kind.rawValue, name: certificate.name,
                reason: certificate.revocationReason?.name ?? RevocationReason.unspecified.name, actor: certificate.name,
                way: way)
            try carryOut { () throws(StoreError) in try commit(record.entry, record.row) }
        }
    }

    private func carryOut(_ work: () throws(StoreError) -> Void) throws(PKIError) {
        do throws(StoreError) { try work() } catch { throw PKIError(error.reason, error.subject, error.detail) }
    }
}

extension GatewayEnvironment {
    /// A certificate of the gateway's own. Serving goes on whether it is recorded or not, and the log says so.
    func recordIssued(_ issued: IssuedCertificate) {
        guard let audit else { return }
        let record = CertificateRecord(
            issued: issued.facts, kind: issued.kind.rawValue, name: issued.name, actor: "sallyport", way: "gateway")
        if !audit.note(record.entry, record.row) {
            logger.error(
                "certificate not recorded",
                metadata: ["code": "\(Reason.auditQueueFull.name)", "serial": "\(issued.facts.serial)"])
        }
    }
}
