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

/// What would change if one configuration took the place of another. Looks at meaning: order of keys, comments,
/// defaults written out and files moved about make no difference.
package enum ConfigurationDifference {
    package static func between(old: Configuration, new: Configuration) -> [Change] {
        []
    }

    /// One change a line: `+ path: new`, `- path: old`, `~ path: old → new`.
    package static func text(_ changes: [Change]) -> String {
        ""
    }

    /// An array of objects with `path`, `kind`, `old`, `new`.
    package static func json(_ changes: [Change]) -> String {
        JSONValue.array([]).pretty
    }
}
