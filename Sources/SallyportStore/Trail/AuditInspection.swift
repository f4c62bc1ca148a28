import SallyportAudit
import SallyportModel
import SallyportPKI

/// Looks at a trail without adding to it, whatever is wrong with it.
package struct AuditInspection: Sendable {
    package let store: any Store
    private let files: AuditFiles

    /// - Throws: storeNotOpened when there is no database.
    package init(of state: StateDirectory) throws(StoreError) {
        let path = AuditTrail.databasePath(state)
        guard FileContents.exists(path) else {
            throw StoreError(.storeNotOpened, path, "there is none yet: nothing was recorded on this state directory")
        }
        files = AuditFiles(state)
        store = try SQLiteStore(path: path, isChecked: false)
    }

    /// Nil when there is no key.
    package func publicKey() throws(StoreError) -> AuditKey.Public? { try files.key()?.publicKey }

    /// - Parameters:
    ///   - keys: of other gateways, or former ones.
    ///   - expected: a head that was kept elsewhere.
    package func verify(keys: [AuditKey.Public] = [], expected: AuditHead? = nil) throws(StoreError) -> AuditReport {
        for _ in 0..<Self.mostAttempts {
            let before = try anchor()
            let report = try look(keys, expected)
            // A gateway removed old records meanwhile, and what was read of the beginning is not one state of it.
            if report.isSound { return report }
            if try anchor() == before { return report }
        }
        return try look(keys, expected)
    }

    private static let mostAttempts = 5

    private func anchor() throws(StoreError) -> AuditHead? {
        try store.auditCheckpoints().last { $0.kind == .anchor }?.head
    }

    private func look(_ keys: [AuditKey.Public], _ expected: AuditHead?) throws(StoreError) -> AuditReport {
        // The mark first: a gateway that goes on writing moves it past what is read.
        let mark = try files.mark().checkpoint
        let own = try publicKey()
        var verifier = AuditVerifier(
            .init(
                checkpoints: try store.auditCheckpoints(), mark: mark, needsMark: try store.auditHead().sequence > 0,
                keys: (own.map { [$0] } ?? []) + keys, expected: expected))
        var last: Int64 = 0
        while case let links = try store.auditLinks(after: last, limit: 512), let newest = links.last?.sequence {
            for link in links { verifier.take(link) }
            last = newest
        }
        return verifier.finish()
    }
}
