import SallyportModel

struct AuthorityDraft: Sendable {
    var source: Authority.Source
    var status: AuthorityStatusDraft
}

/// `pki` as it was read. Nil authorities are bad as a whole.
struct PKIDraft: Sendable {
    var authorities: [Named<AuthorityDraft>]?
    var acme: Located<ACMEDraft>?
    var enrolment: Located<EnrolmentDraft>?
}

enum PKISection {
    static let authorities = Field(
        "authorities", .named(AuthoritySection.type, noun: "authority"),
        otherwise: "the built-in authority `local` only",
        "Certificate authorities, under names that `trust` and `issuer` use.")

    static let acme = Field(
        "acme", ACMEServerSection.type, otherwise: "no ACME server",
        "An ACME server (RFC 8555), by which workloads get certificates from the built-in authority.")
    static let enrolment = Field(
        "enrolment", EnrolmentSection.type, otherwise: "no enrolment",
        "One plain call by which workloads get or renew a certificate from the built-in authority.")

    static let type = ValueType.record("`pki`", [authorities.row, acme.row, enrolment.row]) { record in
        PKIDraft(
            authorities: record.has(authorities.row.name) ? record[authorities]?.value : [], acme: record[acme],
            enrolment: record[enrolment])
    }
}

enum AuthoritySection {
    static let defaultLifetime = Duration.seconds(24 * 3600)
    static let file = Field(
        "file", .certificateFile("the path of a PEM file with the authority's certificates"),
        "A bundle of the authority's certificates; every one in it is trusted.",
        danger: "Whoever has a key of one of these certificates decides who is let in.")
    static let builtin = Field(
        "builtin", .isTrue(), "Sallyport's own authority in the state directory; its name must be `local`.")
    static let leafLifetime = DefaultedField(
        "leafLifetime", .duration(.seconds(60)...(.seconds(397 * 86_400))), default: defaultLifetime,
        "How long a server certificate lives that the built-in authority issues by itself; it is renewed in time.",
        danger: "A long life gives a stolen key a long use.")

    static let type = ValueType.record(
        "an authority", [file.row, builtin.row, leafLifetime.row] + AuthorityStatusSection.rows,
        rules: [.exactlyOne(["file", "builtin"])]
    ) { record -> AuthorityDraft? in
        let lifetime = record[leafLifetime]
        if let file = record[file] {
            if let given = record.located(leafLifetime) {
                record.session.warn(
                    .withoutEffect, "`leafLifetime` has no effect on an authority from a file", at: given.span,
                    path: given.path)
            }
            return AuthorityDraft(source: .file(file.value), status: AuthorityStatusSection.draft(record))
        }
        guard record[builtin] != nil else { return nil }
        return AuthorityDraft(
            source: .builtin(leafLifetime: lifetime), status: AuthorityStatusSection.draft(record))
    }
}

extension ConfigurationCheck {
    mutating func authorities() -> [String: Authority] {
        var authorities = [
            Builtin.authority: Authority(
                name: Builtin.authority, source: .builtin(leafLifetime: AuthoritySection.defaultLifetime))
        ]
        for entry in draft.authorities ?? [] {
            guard let authority = entry.value else { continue }
            reportReserved(entry, authority.source)
            authorities[entry.name] = Authority(
                name: entry.name, source: authority.source,
                status: authorityStatus(authority.status, of: authority.source))
        }
        return authorities
    }

    private func reportReserved(_ entry: Named<AuthorityDraft>, _ source: Authority.Source) {
        switch source {
        case .file where entry.name == Builtin.authority:
            session.report(
                .reservedName, "`\(Builtin.authority)` is the name of the built-in authority", at: entry.span,
                label: "choose another name", path: entry.path)
        case .builtin where entry.name != Builtin.authority:
            session.report(
                .reservedName, "the built-in authority is called `\(Builtin.authority)`", at: entry.span,
                help: ["write \(Builtin.authority): { builtin: true }"], path: entry.path)
        default: break
        }
    }

    /// Whether the name is that of an authority; if not, that is reported.
    @discardableResult
    func authority(_ name: Located<String>) -> String {
        let known = draft.authorities.map { $0.map(\.name) + [Builtin.authority] }
        reference(name, to: "an authority", known: known, section: "pki.authorities")
        return name.value
    }
}
