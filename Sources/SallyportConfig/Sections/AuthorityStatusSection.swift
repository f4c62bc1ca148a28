import SallyportModel

struct AuthorityStatusDraft: Sendable {
    var status: AuthorityStatus
    var whenUnknown: Located<AuthorityStatus.WhenUnknown>?
    var because: Because
    /// Keys of this section that are there, good or bad, each with its place.
    var given: [(name: String, span: Span, path: KeyPath)]
    var path: KeyPath
}

/// The part of an authority that says how its certificates are found to be revoked.
enum AuthorityStatusSection {
    private static let locations = ValueType<[Located<AuthorityStatus.Location>]>.oneOrMore(.revocationList())
    static let crl = Field(
        "crl", locations, otherwise: "revocation is not looked up in lists",
        """
        Revocation lists of the authority and its intermediates: paths of files in PEM or DER, or http and https URLs, \
        one or a list of them. A certificate without a list of its issuer has an unknown status.
        """)
    static let deltaCrl = Field(
        "deltaCrl", locations, otherwise: "no delta lists",
        "Lists of what changed since the complete lists of `crl`: paths or URLs; without a current one status is unknown.")
    static let crlRefresh = Field(
        "crlRefresh", .duration(.seconds(10)...(.seconds(30 * 86_400))),
        otherwise: "a quarter of the list's life, 1m to 6h; files are looked at every 10s",
        "How often lists are fetched or their files looked at again.")
    static let crlMaxAge = Field(
        "crlMaxAge", .duration(.seconds(60)...(.seconds(365 * 86_400))), otherwise: "until the list's nextUpdate",
        "How old a list may be, counted from its thisUpdate; an older one is out of date even before its nextUpdate.")
    static let ocsp = Field(
        "ocsp", .responder(), otherwise: "no responder is asked",
        """
        Ask an OCSP responder about a client's own certificate: true for the one that the certificate names, or a URL. \
        The first connection with a certificate finds its status unknown while the responder is asked.
        """,
        danger: "With `true`, whoever issues certificates decides which http URL the gateway connects to.")
    static let whenStatusUnknown = DefaultedField(
        "whenStatusUnknown", .choice(noun: "choice for an unknown status"), default: AuthorityStatus.WhenUnknown.deny,
        """
        What happens to a client whose certificate is neither known to be good nor known to be revoked: deny refuses \
        it, allow lets it in.
        """,
        danger: "With allow, whoever can keep the gateway from its lists gets in with a revoked certificate.")
    static let because = Because.field("when `whenStatusUnknown` is allow")

    static let rows = [
        crl.row, deltaCrl.row, crlRefresh.row, crlMaxAge.row, ocsp.row, whenStatusUnknown.row, because.row,
    ]

    static func draft(_ record: RecordReader) -> AuthorityStatusDraft {
        AuthorityStatusDraft(
            status: AuthorityStatus(
                lists: record[crl]?.value.map(\.value) ?? [], deltas: record[deltaCrl]?.value.map(\.value) ?? [],
                refresh: record[crlRefresh]?.value, maximumAge: record[crlMaxAge]?.value,
                responder: record[ocsp]?.value ?? .none, whenUnknown: record[whenStatusUnknown]),
            whenUnknown: record.located(whenStatusUnknown), because: record.because(because),
            given: record.entries.compactMap { entry in
                rows.contains { $0.name == entry.key } ? (entry.key, entry.keySpan, record.path.key(entry.key)) : nil
            },
            path: record.path)
    }
}

extension ConfigurationCheck {
    mutating func authorityStatus(_ draft: AuthorityStatusDraft, of source: Authority.Source) -> AuthorityStatus {
        let names = Set(draft.given.map(\.name))
        if case .builtin = source {
            reportWithoutEffect(
                draft, names, "has no effect on the built-in authority, whose own registry says what is revoked")
            return AuthorityStatus()
        }
        if names.isDisjoint(with: ["crl", "ocsp"]) { reportNoSource(draft) }
        if names.isDisjoint(with: ["crl", "deltaCrl"]) {
            reportWithoutEffect(draft, ["crlRefresh", "crlMaxAge"], "has no effect without `crl`")
        }
        accept(
            draft.status.whenUnknown == .allow ? "certificates of unknown status are let in" : nil, draft.because,
            path: draft.path, at: draft.whenUnknown?.span,
            fix: "add `because: \"…\"` beside `whenStatusUnknown`, or use whenStatusUnknown: deny")
        return draft.status
    }

    private func reportNoSource(_ draft: AuthorityStatusDraft) {
        for given in draft.given where given.name == "whenStatusUnknown" {
            session.report(
                .statusNeverKnown, "`whenStatusUnknown` stands here, but nothing says what the status is",
                at: given.span, help: ["add `crl` or `ocsp`, or remove it"], path: given.path)
        }
        for given in draft.given where given.name == "deltaCrl" {
            session.report(
                .deltaWithoutBase, "`deltaCrl` needs `crl` beside it", at: given.span,
                label: "a delta list says only what changed", path: given.path)
        }
    }

    private func reportWithoutEffect(_ draft: AuthorityStatusDraft, _ names: Set<String>, _ words: String) {
        for given in draft.given where names.contains(given.name) {
            session.warn(.withoutEffect, "`\(given.name)` \(words)", at: given.span, path: given.path)
        }
    }
}
