import SallyportModel

struct ProfileDraft: Sendable {
    var base: TLSProfile.Base
    var guideline: Located<TLSProfile.Guideline>?
    var clientCertificates: ClientCertificatesDraft?
    var deny: DeniedFingerprints?
}

struct ClientCertificatesDraft: Sendable {
    var mode: Located<ClientCertificates.Mode>?
    var trust: Located<[Located<String>]>?
    var maxDepth: Int
    var resumption: ClientCertificates.Resumption
    var because: Because
    var path: KeyPath
}

enum TLSProfileSection {
    static let base = DefaultedField(
        "base", .choice(noun: "TLS profile base"), default: TLSProfile().base,
        """
        Versions and algorithms: modern is TLS 1.3, intermediate is TLS 1.3 and 1.2, post-quantum is TLS 1.3 with \
        hybrid key exchange only, cnsa is TLS 1.3 with what the library has of CNSA 2.0.
        """)
    static let guideline = Field(
        "guideline", .choice(noun: "guideline") as ValueType<TLSProfile.Guideline>,
        otherwise: "the newest for the base: mozilla-6.0, and cnsa-2.0 for base cnsa",
        "The edition of the published tables that `base` is read in, so that an update of the gateway changes nothing.")
    static let clientCertificates = Field(
        "clientCertificates", ClientCertificatesSection.type, "What is asked of clients in the handshake.")

    static let deny = Field(
        "deny", FingerprintSection.type,
        """
        Kinds of clients to refuse in the ClientHello, by fingerprint. Whoever wants to can look like another client: it \
        keeps out what does not hide, and replaces no authorization.
        """)

    static let type = ValueType.record(
        "a TLS profile", [base.row, guideline.row, clientCertificates.row, deny.row]
    ) { record in
        ProfileDraft(
            base: record[base], guideline: record[guideline], clientCertificates: record[clientCertificates]?.value,
            deny: record[deny]?.value)
    }
}

enum ClientCertificatesSection {
    private static let defaults = ClientCertificates()
    static let mode = DefaultedField(
        "mode", .choice(noun: "client-certificate mode"), default: defaults.mode,
        """
        Whether a client must show a certificate: require ends the handshake without one, optional lets it in \
        without identity, none does not ask.
        """,
        danger: "With optional and none anyone reaches the routes that allow anyone; both need `because`.")
    static let trust = Field(
        "trust", .list(of: .reference(to: "an authority"), count: 1...64), otherwise: "[\(Builtin.authority)]",
        "The authorities that a client's certificate may come from.")
    static let maxDepth = DefaultedField(
        "maxDepth", .integer(0...10), default: defaults.maxDepth,
        "How many intermediate certificates may stand between the client's certificate and the authority's.")
    static let resumption = DefaultedField(
        "resumption", .choice(noun: "kind of resumption"), default: defaults.resumption,
        """
        What a client that comes back may do: reauthorize is a short handshake after which its certificate is judged \
        again, none is a full handshake each time.
        """)
    static let because = Because.field("when `mode` is optional or none")

    static let type = ValueType.record(
        "`clientCertificates`", [mode.row, trust.row, maxDepth.row, resumption.row, because.row]
    ) { record in
        ClientCertificatesDraft(
            mode: record.located(mode), trust: record[trust], maxDepth: record[maxDepth],
            resumption: record[resumption], because: record.because(because), path: record.path)
    }
}

extension ConfigurationCheck {
    mutating func tlsProfiles() -> [String: TLSProfile] {
        var profiles = [Builtin.profile: TLSProfile()]
        for entry in draft.profiles ?? [] {
            guard let profile = entry.value else { continue }
            profiles[entry.name] = TLSProfile(
                base: profile.base, guideline: guideline(profile),
                clientCertificates: profile.clientCertificates.map { clientCertificates($0) } ?? ClientCertificates(),
                deny: profile.deny ?? DeniedFingerprints())
        }
        return profiles
    }

    private func guideline(_ profile: ProfileDraft) -> TLSProfile.Guideline? {
        guard let given = profile.guideline, !profile.base.guidelines.contains(given.value) else {
            return profile.guideline?.value
        }
        let known = profile.base.guidelines.map(\.rawValue).joined(separator: ", ")
        session.report(
            .guidelineForOtherBase, "\(given.value.rawValue) has no table for base \(profile.base.rawValue)",
            at: given.span, label: "known for \(profile.base.rawValue): \(known)",
            help: ["write \(profile.base.newestGuideline.rawValue), or remove the key to have the newest"],
            path: given.path)
        return nil
    }

    private mutating func clientCertificates(_ draft: ClientCertificatesDraft) -> ClientCertificates {
        let mode = draft.mode?.value ?? ClientCertificates().mode
        let what: String? =
            switch mode {
            case .require: nil
            case .optional: "clients need no certificate"
            case .none: "clients are not asked for a certificate"
            }
        accept(
            what, draft.because, path: draft.path, at: draft.mode?.span,
            fix: "add `because: \"…\"` beside `mode`, or use mode: require")
        if mode == .none, let trust = draft.trust {
            session.warn(
                .withoutEffect, "`trust` has no effect when clients are not asked for a certificate", at: trust.span,
                path: trust.path)
        }
        return ClientCertificates(
            mode: mode, trust: draft.trust?.value.map { authority($0) } ?? ClientCertificates().trust,
            maxDepth: draft.maxDepth, resumption: draft.resumption)
    }
}
