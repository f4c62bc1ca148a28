import SallyportConfig
import SallyportModel

/// Compares the names that routes allow with the clients that the built-in authority can vouch for.
package enum IssuedNames {
    /// One warning for each name that is no identity of the file and to which no valid certificate was issued.
    package static func findings(
        _ configuration: Configuration, issued: [IssuedRecord], at now: Int64
    ) -> [Diagnostic] {
        let clients = issued.filter { $0.kind == .client }
        let valid = Set(clients.filter { $0.state(at: now) == .valid }.map(\.name))
        // A client of the ACME server may come any moment.
        let accounts = configuration.acme?.externalAccounts.filter { $0.value.usages.contains(.client) } ?? [:]
        let identities = Set(configuration.identities.map(\.name)).union(accounts.keys)
        var said: Set<String> = []
        return configuration.routes.enumerated().flatMap { index, route -> [Diagnostic] in
            configuration.identityNames(route.allow).filter { !identities.contains($0) && !valid.contains($0) && said.insert($0).inserted }.map {
                Diagnostic(
                    .allowedNameNotIssued, "route \(route.name) allows `\($0)`, \(words($0, clients, at: now))",
                    severity: .warning, help: [help($0, clients)], keyPath: "routes[\(index)].allow")
            }
        }
    }

    private static func words(_ name: String, _ clients: [IssuedRecord], at now: Int64) -> String {
        switch clients.last(where: { $0.name == name })?.state(at: now) {
        case nil: "and the built-in authority has issued no certificate of that name"
        case .revoked?: "whose certificate was revoked"
        case .expired?: "whose certificate has expired"
        case .notYetValid?, .valid?: "whose certificate is not valid yet"
        }
    }

    private static func help(_ name: String, _ clients: [IssuedRecord]) -> String {
        let newest = clients.last { $0.name == name }
        return newest != nil && newest?.revokedAt == nil ? "sallyport cert renew \(name)" : "sallyport cert client \(name)"
    }
}
