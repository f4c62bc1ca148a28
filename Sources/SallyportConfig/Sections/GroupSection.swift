import SallyportModel

/// `groups`
enum GroupSection {
    static let type = ValueType<[Located<String>]>.list(of: .reference(to: "an identity"), count: 0...10_000)
}

extension ConfigurationCheck {
    /// Groups and identities are named in the same places, so a name is one or the other.
    ///
    /// - Parameter trustsBuiltin: whether clients of the built-in authority can come at all.
    func checkedGroups(trustsBuiltin: Bool) -> IdentityGroups {
        IdentityGroups(
            (draft.groups ?? []).map { entry in
                checkName(entry)
                for member in entry.value ?? [] { checkMember(member, trustsBuiltin) }
                return IdentityGroups.Group(entry.name, entry.value?.map(\.value) ?? [])
            })
    }

    private func checkName(_ group: Named<[Located<String>]>) {
        if Self.reservedNames.contains(group.name.lowercased()) {
            session.report(
                .reservedName, "no group can be called `\(group.name)`", at: group.span,
                label: "has a meaning of its own in `allow`", path: group.path)
        }
        guard let identity = draft.identities?.first(where: { $0.name == group.name }) else { return }
        session.report(
            .groupNamedLikeIdentity, "`\(group.name)` is an identity already", at: group.span,
            label: "a group needs a name of its own", help: ["rename the group"], path: group.path,
            related: (identity.span, "the identity"))
    }

    private func checkMember(_ member: Located<String>, _ trustsBuiltin: Bool) {
        guard isGroup(member.value), !identityNames.contains(member.value) else { return identityName(member, trustsBuiltin: trustsBuiltin) }
        session.report(
            .groupInGroup, "`\(member.value)` is a group, and groups hold identities", at: member.span,
            help: ["list its identities here, or name both groups where this one is named"], path: member.path)
    }

    func isGroup(_ name: String) -> Bool { groupNames.contains(name) }

    /// Looks a name up where groups may be named as well as identities.
    func identityOrGroup(_ name: Located<String>, trustsBuiltin: Bool) {
        if !isGroup(name.value) { identityName(name, trustsBuiltin: trustsBuiltin) }
    }
}
