/// One difference between two configurations.
package struct Change: Sendable, Hashable {
    package enum Kind: String, Sendable { case added, removed, changed }

    /// As in `routes.orders.allow`.
    package var path: String
    package var kind: Kind
    /// As it would stand in the file; nil when added.
    package var old: String?
    /// As it would stand in the file; nil when removed.
    package var new: String?

    package init(path: String, kind: Kind, old: String? = nil, new: String? = nil) {
        self.path = path
        self.kind = kind
        self.old = old
        self.new = new
    }
}

/// What would change if one configuration took the place of another. Looks at meaning: comments, order of keys,
/// defaults written out and files moved about make no difference. The order of routes and identities does.
package enum ConfigurationDifference {
    package static func between(old: Configuration, new: Configuration) -> [Change] {
        compare(EffectiveConfiguration.json(old), EffectiveConfiguration.json(new), path: .root)
            + order("routes", old.routes.map(\.name), new.routes.map(\.name))
            + order("identities", old.identities.map(\.name), new.identities.map(\.name))
    }

    /// One change a line: `+ path: new`, `- path: old`, `~ path: old → new`.
    package static func text(_ changes: [Change]) -> String {
        changes.map { change in
            let path = TextStyle.escaped(change.path)
            let (old, new) = (TextStyle.escaped(change.old ?? ""), TextStyle.escaped(change.new ?? ""))
            return switch change.kind {
            case .added: "+ \(path): \(new)\n"
            case .removed: "- \(path): \(old)\n"
            case .changed: "~ \(path): \(old) → \(new)\n"
            }
        }.joined()
    }

    /// An array of objects with `path`, `kind`, `old`, `new`.
    package static func json(_ changes: [Change]) -> String {
        JSONValue.array(
            changes.map { change in
                .members([
                    "path": .string(change.path), "kind": .string(change.kind.rawValue),
                    "old": change.old.map(JSONValue.string), "new": change.new.map(JSONValue.string),
                ])
            }
        ).pretty + "\n"
    }

    private static func compare(_ old: JSONValue, _ new: JSONValue, path: KeyPath) -> [Change] {
        if old == new { return [] }
        guard case .object(let before) = old, case .object(let after) = new else {
            return [Change(path: path.text, kind: .changed, old: old.compact, new: new.compact)]
        }
        let known = Dictionary(before.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        let kept = Dictionary(after.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        let removed = before.filter { kept[$0.name] == nil }.map {
            Change(path: path.key($0.name).text, kind: .removed, old: $0.value.compact)
        }
        return removed
            + after.flatMap { member in
                guard let value = known[member.name] else {
                    return [Change(path: path.key(member.name).text, kind: .added, new: member.value.compact)]
                }
                return compare(value, member.value, path: path.key(member.name))
            }
    }

    /// What stays in both, but in another order.
    private static func order(_ path: String, _ old: [String], _ new: [String]) -> [Change] {
        let (before, after) = (old.filter(Set(new).contains), new.filter(Set(old).contains))
        if before == after { return [] }
        return [
            Change(
                path: path + " (order)", kind: .changed, old: before.joined(separator: ", "),
                new: after.joined(separator: ", "))
        ]
    }
}
