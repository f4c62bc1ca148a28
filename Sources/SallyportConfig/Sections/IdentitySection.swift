import SallyportModel

struct IdentityDraft: Sendable {
    var rule: IdentityRule
    var issuer: Located<String>?
}

enum IdentitySection {
    static let commonName = Field(
        "commonName", .text("a common name"), "The common name of the subject, letter by letter.",
        danger: "Common names are not unique across authorities; give `issuer` as well.")
    static let uri = Field(
        "uri", .identityURI(),
        "A URI among the subject alternative names: the whole one, or `PREFIX/*` for every one below.")
    static let dns = Field(
        "dns", .identityDNS(),
        "A DNS name among the subject alternative names: the whole one, or `*.SUFFIX` for one label in front.")
    static let email = Field(
        "email", .identityEmail(), "An e-mail address among the subject alternative names.")
    static let organization = Field(
        "organization", .text("an organization"), "An organization (O) of the subject, letter by letter.",
        danger: "Every certificate of the organization is this identity; give `issuer` as well.")
    static let organizationalUnit = Field(
        "organizationalUnit", .text("an organizational unit"),
        "An organizational unit (OU) of the subject, letter by letter.",
        danger: "Every certificate of the unit is this identity; give `issuer` as well.")
    static let fingerprint = Field(
        "fingerprint", .fingerprint(), "The SHA-256 of the whole certificate: this certificate and no other.",
        danger: "A renewed certificate has another fingerprint.")
    static let issuer = Field(
        "issuer", .reference(to: "an authority"), otherwise: "any authority that the listener trusts",
        "The authority that the certificate's chain ends in.")
    static let token = Field(
        "token", TokenIdentitySection.type, otherwise: "no token is needed",
        "What the token of the request says, on a route with a `jwt` policy; together with a certificate, both.")
    static let apiKey = Field(
        "apiKey", .text("the name of an API key", maximum: 64), otherwise: "no API key is needed",
        "The API key of the request, by name, on a route with an `apiKeys` policy.")

    static let type = ValueType.record(
        "an identity",
        [
            commonName.row, uri.row, dns.row, email.row, organization.row, organizationalUnit.row, fingerprint.row,
            issuer.row, token.row, apiKey.row,
        ], rules: [.atLeastOne]
    ) { record -> IdentityDraft? in
        var rule = IdentityRule(
            name: record.path.text, commonName: record[commonName]?.value, uri: record[uri]?.value,
            dns: record[dns]?.value, email: record[email]?.value, organization: record[organization]?.value,
            organizationalUnit: record[organizationalUnit]?.value, fingerprint: record[fingerprint]?.value,
            issuer: record[issuer]?.value)
        rule.token = record[token]?.value
        rule.apiKey = record[apiKey]?.value
        // A part that is bad must not be taken for one that is not there.
        guard (rule.token != nil) == record.has("token"), (rule.apiKey != nil) == record.has("apiKey") else { return nil }
        return IdentityDraft(rule: rule, issuer: record[issuer])
    }
}

extension ConfigurationCheck {
    /// Words that mean something else where names of identities stand.
    static let reservedNames = ["anyone", "nobody"]

    func checkedIdentities() -> [IdentityRule] {
        (draft.identities ?? []).compactMap { entry in
            if Self.reservedNames.contains(entry.name.lowercased()) {
                session.report(
                    .reservedName, "no identity can be called `\(entry.name)`", at: entry.span,
                    label: "has a meaning of its own in `allow`", path: entry.path)
            }
            guard let draft = entry.value else { return nil }
            if let issuer = draft.issuer { authority(issuer) }
            var rule = draft.rule
            rule.name = entry.name
            return rule
        }
    }

    /// Looks a name in `allow` or `admins` up.
    ///
    /// A name that no rule has is a client of the built-in authority, where that authority is trusted.
    func identityName(_ name: Located<String>, trustsBuiltin: Bool) {
        let known = draft.identities.map { $0.map(\.name) + groupNames.sorted() }
        if identityNames.contains(name.value) { return }
        guard trustsBuiltin else {
            // Where a whole section is bad, it may be there that the name stands.
            if draft.groups == nil { return }
            reference(name, to: "an identity or group", known: known, section: "identities and groups")
            return
        }
        if let near = Spelling.nearest(to: name.value, among: known ?? []) {
            session.warn(
                .nameLooksMisspelt, "`\(name.value)` is no identity of this file, but `\(near)` is", at: name.span,
                label: "taken as a client of the built-in authority", help: ["did you mean `\(near)`?"],
                path: name.path)
        }
    }
}
