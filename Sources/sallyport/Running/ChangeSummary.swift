import SallyportConfig

/// What a reload changed, in a few words: `1 route changed, 1 upstream added`.
struct ChangeSummary: CustomStringConvertible {
    let description: String

    init(from old: Configuration, to new: Configuration) {
        var parts: [String] = []
        parts += Self.count(("listener", "listeners"), old.listeners.named(\.name), new.listeners.named(\.name))
        parts += Self.count(("route", "routes"), old.routes.named(\.name), new.routes.named(\.name))
        parts += Self.count(("upstream", "upstreams"), old.upstreams, new.upstreams)
        parts += Self.count(("identity", "identities"), old.identities.named(\.name), new.identities.named(\.name))
        parts += Self.count(("TLS profile", "TLS profiles"), old.tlsProfiles, new.tlsProfiles)
        parts += Self.count(("authority", "authorities"), old.authorities, new.authorities)
        if old.limits != new.limits { parts.append("limits changed") }
        if old.admin != new.admin { parts.append("admin changed") }
        if old.accessLog != new.accessLog { parts.append("access log changed") }
        if old.shutdown != new.shutdown { parts.append("shutdown changed") }
        description = parts.isEmpty ? "no change" : parts.joined(separator: ", ")
    }

    private static func count<Item: Equatable>(
        _ noun: (one: String, many: String), _ old: [String: Item], _ new: [String: Item]
    ) -> [String] {
        let changed = new.count { name, item in old[name].map { $0 != item } ?? false }
        let added = new.keys.count { old[$0] == nil }
        let removed = old.keys.count { new[$0] == nil }
        return [(changed, "changed"), (added, "added"), (removed, "removed")].compactMap { count, verb in
            count == 0 ? nil : "\(count) \(count == 1 ? noun.one : noun.many) \(verb)"
        }
    }
}

extension Array {
    /// By name; the loader lets a name stand once.
    fileprivate func named(_ name: (Element) -> String) -> [String: Element] {
        Dictionary(map { (name($0), $0) }) { first, _ in first }
    }
}
