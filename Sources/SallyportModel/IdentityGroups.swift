/// Identities that belong together under one name (`groups`). A group is a way to write several names at once: nobody
/// is ever *called* by the name of a group.
package struct IdentityGroups: Sendable, Hashable {
    package struct Group: Sendable, Hashable {
        package let name: String
        /// Names of identities.
        package let members: [String]

        package init(_ name: String, _ members: [String]) {
            self.name = name
            self.members = members
        }
    }

    /// In the order of the file.
    package let groups: [Group]
    private let members: [String: [String]]
    private let groupsOf: [String: [String]]

    package init(_ groups: [Group] = []) {
        self.groups = groups
        members = Dictionary(groups.map { ($0.name, $0.members) }, uniquingKeysWith: +)
        groupsOf = groups.reduce(into: [:]) { found, group in
            for member in group.members { found[member, default: []].append(group.name) }
        }
    }

    package func contains(_ name: String) -> Bool { members[name] != nil }

    /// The members of a group; nil when there is no group of that name.
    package func members(of name: String) -> [String]? { members[name] }

    /// The names of identities that a list of identities and groups stands for.
    package func expanded(_ names: [String]) -> [String] { names.flatMap { members[$0] ?? [$0] } }

    /// The groups of somebody with these names, each once, in the order of the file.
    package func names(for identities: [String]) -> [String] {
        guard !groupsOf.isEmpty else { return [] }
        let found = Set(identities.flatMap { groupsOf[$0] ?? [] })
        return found.isEmpty ? [] : groups.map(\.name).filter(found.contains)
    }
}
