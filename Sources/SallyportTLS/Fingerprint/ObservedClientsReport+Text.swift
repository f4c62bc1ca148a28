import SallyportConfig

extension ObservedClientsReport {
    /// Whom a stricter profile would shut out, for people.
    package var text: String {
        var lines = ["clients of listener \(listener): \(hellos) ClientHellos, \(handshakes) handshakes"]
        lines.append("  post-quantum key share: \(offered.postQuantumKeyShare) (\(Self.share(offered.postQuantumKeyShare, of: hellos)))")
        for demand in ProfileDemand.allCases {
            let count = unservedBy[demand.rawValue] ?? 0
            lines.append("  base: \(demand.rawValue) would not serve \(count) (\(Self.share(count, of: hellos)))")
            for fingerprint in shutOut(by: demand).prefix(5) {
                let about = fingerprint.error > 0 ? "at most " : ""
                lines.append("    \(fingerprint.ja4)  \(about)\(fingerprint.count)  newest \(fingerprint.newestVersion)")
            }
        }
        return lines.joined(separator: "\n")
    }

    private func shutOut(by demand: ProfileDemand) -> [Fingerprint] {
        fingerprints.filter { $0.unservedBy.contains(demand.rawValue) }
    }

    private static func share(_ part: Int, of whole: Int) -> String {
        guard whole > 0 else { return "0 %" }
        let tenths = part * 1000 / whole
        return "\(tenths / 10).\(tenths % 10) %"
    }

    /// What the grade needs of it.
    package var shortJSON: JSONValue {
        .members([
            "listener": .string(listener), "hellos": .integer(hellos), "handshakes": .integer(handshakes),
            "postQuantumKeyShare": .integer(offered.postQuantumKeyShare),
            "unservedBy": .object(ProfileDemand.allCases.map { .init($0.rawValue, .integer(unservedBy[$0.rawValue] ?? 0)) }),
            "fingerprints": .array(
                fingerprints.map { fingerprint in
                    .members([
                        "ja4": .string(fingerprint.ja4), "count": .integer(fingerprint.count),
                        "error": .integer(fingerprint.error), "newestVersion": .string(fingerprint.newestVersion),
                        "unservedBy": .strings(fingerprint.unservedBy),
                    ])
                }),
        ])
    }
}
