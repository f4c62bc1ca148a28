import SallyportConfig
import SallyportPKI

/// What a reload changed, in a few words: `1 route changed (orders), 1 upstream added (stock)`.
struct ChangeSummary: CustomStringConvertible {
    let description: String

    /// - Parameters:
    ///   - oldKeys: API keys when the configuration was loaded last.
    ///   - newKeys: API keys now.
    init(
        from old: Configuration, to new: Configuration, oldKeys: [APIKeyRecord] = [], newKeys: [APIKeyRecord] = []
    ) {
        var parts = Self.named(old, new)
        parts += Self.changed("API key", oldKeys.named(\.name), newKeys.named(\.name))
        parts += Self.single(old, new)
        description = parts.isEmpty ? "no change" : parts.joined(separator: ", ")
    }

    private static func named(_ old: Configuration, _ new: Configuration) -> [String] {
        changed("listener", old.listeners.named(\.name), new.listeners.named(\.name))
            + changed("route", old.routes.named(\.name), new.routes.named(\.name))
            + changed("upstream", old.upstreams, new.upstreams)
            + changed("policy", plural: "policies", old.policies.named(\.name), new.policies.named(\.name))
            + changed("identity", plural: "identities", old.identities.named(\.name), new.identities.named(\.name))
            + changed("group", old.groups.groups.named(\.name), new.groups.groups.named(\.name))
            + changed("TLS profile", old.tlsProfiles, new.tlsProfiles)
            + changed("authority", plural: "authorities", old.authorities, new.authorities)
    }

    /// What there is one of.
    private static func single(_ old: Configuration, _ new: Configuration) -> [String] {
        let changes = [
            (old.limits != new.limits, "limits of requests"),
            (old.edge != new.edge, "limits of connections"),
            (old.cluster != new.cluster, "cluster"),
            (old.admin != new.admin, "admin"),
            (old.acme != new.acme, "ACME server"),
            (old.enrolment != new.enrolment, "enrolment"),
            (old.accessLog != new.accessLog, "access log"),
            (old.shutdown != new.shutdown, "shutdown"),
            (isReordered(old.routes.map(\.name), new.routes.map(\.name)), "order of routes"),
            (isReordered(old.identities.map(\.name), new.identities.map(\.name)), "order of identities"),
            (old.acceptedRisks != new.acceptedRisks, "accepted risks"),
        ]
        return changes.filter(\.0).map { "\($0.1) changed" }
    }

    /// What stays in both, but in another order: it says which of equal routes wins.
    private static func isReordered(_ old: [String], _ new: [String]) -> Bool {
        old.filter(Set(new).contains) != new.filter(Set(old).contains)
    }

    private static func changed<Item: Equatable>(
        _ noun: String, plural: String? = nil, _ old: [String: Item], _ new: [String: Item]
    ) -> [String] {
        let changed = new.filter { name, item in old[name].map { $0 != item } ?? false }.keys.sorted()
        let added = new.keys.filter { old[$0] == nil }.sorted()
        let removed = old.keys.filter { new[$0] == nil }.sorted()
        return [(changed, "changed"), (added, "added"), (removed, "removed")].compactMap { names, verb in
            guard !names.isEmpty else { return nil }
            let nouns = names.count == 1 ? noun : plural ?? noun + "s"
            return "\(names.count) \(nouns) \(verb) (\(list(names)))"
        }
    }

    private static let mostNames = 5

    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(mostNames).joined(separator: ", ")
        return names.count > mostNames ? "\(shown) and \(names.count - mostNames) more" : shown
    }
}

extension Array {
    /// By name; the loader lets a name stand once.
    fileprivate func named(_ name: (Element) -> String) -> [String: Element] {
        Dictionary(map { (name($0), $0) }) { first, _ in first }
    }
}
