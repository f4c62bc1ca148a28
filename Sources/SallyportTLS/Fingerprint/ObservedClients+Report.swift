/// The tally in the form that `sallyport status --json` prints and `sallyport tls grade` reads.
package struct ObservedClientsReport: Sendable, Codable, Equatable {
    package var listener: String
    package var hellos: Int
    package var handshakes: Int
    package var offered: Offered
    package var agreed: Agreed
    /// ClientHellos that a profile would not serve, by its name.
    package var unservedBy: [String: Int]
    /// The most frequent JA4 fingerprints, most frequent first.
    package var fingerprints: [Fingerprint]

    package struct Offered: Sendable, Codable, Equatable {
        package var newestVersion: [String: Int]
        package var groups: [String: Int]
        package var keyShares: [String: Int]
        package var postQuantumKeyShare: Int
        package var signatureSchemes: [String: Int]
        package var suiteKinds: [String: Int]
        package var protocols: [String: Int]
        package var serverName: Int
        package var resumption: Int
    }

    package struct Agreed: Sendable, Codable, Equatable {
        package var versions: [String: Int]
        package var suites: [String: Int]
        package var groups: [String: Int]
        package var resumed: Int
    }

    package struct Fingerprint: Sendable, Codable, Equatable {
        package var ja4: String
        /// Never too low, and too high by at most `error`.
        package var count: Int
        package var error: Int
        package var newestVersion: String
        package var unservedBy: [String]
    }

    package init(listener: String, _ clients: ObservedClients) {
        self.listener = listener
        hellos = clients.hellos
        handshakes = clients.handshakes
        offered = Offered(clients.offered)
        agreed = Agreed(clients.agreed)
        unservedBy = [:]
        for demand in ProfileDemand.allCases { unservedBy[demand.rawValue] = clients.unserved[demand] ?? 0 }
        fingerprints = clients.fingerprints.sorted.map(Fingerprint.init)
    }
}

extension ObservedClientsReport.Offered {
    fileprivate init(_ offered: ObservedClients.Offered) {
        self.init(
            newestVersion: offered.versions.byName, groups: offered.groups.byName,
            keyShares: offered.keyShares.byName, postQuantumKeyShare: offered.postQuantumKeyShare,
            signatureSchemes: offered.signatureSchemes.byName, suiteKinds: offered.suiteKinds.byName,
            protocols: offered.protocols.byName, serverName: offered.serverName, resumption: offered.resumption)
    }
}

extension ObservedClientsReport.Agreed {
    fileprivate init(_ agreed: ObservedClients.Agreed) {
        self.init(
            versions: agreed.versions.byName, suites: agreed.suites.byName, groups: agreed.groups.byName,
            resumed: agreed.resumed)
    }
}

extension ObservedClientsReport.Fingerprint {
    fileprivate init(_ entry: FrequentValues<ObservedClients.FingerprintFacts>.Entry) {
        self.init(
            ja4: entry.value, count: entry.count, error: entry.error,
            newestVersion: ObservedClients.versionName(entry.facts.newestVersion.rawValue),
            unservedBy: entry.facts.unservedBy.map(\.rawValue))
    }
}
