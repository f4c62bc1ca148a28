import SallyportModel

extension Configuration {
    /// Names of identities that stand anywhere: with a rule, or as clients of the built-in authority.
    private var namedIdentities: Set<String> {
        let listed = routes.flatMap { identityNames($0.allow) } + administrators + groups.groups.flatMap(\.members)
        return Set(identities.map(\.name) + listed)
    }

    /// What to say to somebody who names an identity outside of the file; nil when the file knows it.
    ///
    /// A name with `=` is the subject of a certificate, which the file need not know.
    /// - Parameter takesGroups: whether the name of a group is as good.
    package func doubt(aboutName name: String, takesGroups: Bool = false) -> String? {
        let known = namedIdentities.union(takesGroups ? groups.groups.map(\.name) : [])
        if known.contains(name) || name.contains("=") { return nil }
        let near = Spelling.nearest(to: name, among: known.sorted())
        return "the configuration knows nobody called \(name)" + (near.map { "; did you mean \($0)?" } ?? "")
    }
}
