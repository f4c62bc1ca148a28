import SallyportModel

struct ACMEDraft: Sendable {
    var listener: Located<String>?
    var path: Located<String>
    var challenges: [ACMEServerSettings.Challenge]
    var validation: Located<ValidationDraft>?
    var ordersPerHour: Int
    var externalAccounts: [Named<ACMEServerSettings.ExternalAccount>]?
}

struct ValidationDraft: Sendable {
    var networks: [Located<AddressRange>]
    var httpPort: UInt16
    var tlsPort: UInt16
    var because: Because
}

struct EnrolmentDraft: Sendable {
    var listener: Located<String>?
    var path: Located<String>
    var lifetime: Duration
    var renew: [Located<String>]
}

enum IssuedLifetime {
    static let standard = Duration.seconds(24 * 3600)
    static let range = Duration.seconds(300)...Duration.seconds(90 * 86_400)
}

enum ACMEServerSection {
    static let listener = Field(
        "listener", .reference(to: "a listener"), required: true,
        "The listener that answers; clients come without a certificate, so its profile must let them.")
    static let path = DefaultedField(
        "path", .pathPrefix(), default: "/acme",
        "Where it answers: the directory is PATH/directory. No route sees requests for this path and below.")
    static let challenges = Field(
        "challenges", .list(of: .choice(noun: "challenge") as ValueType<ACMEServerSettings.Challenge>),
        otherwise: "[http-01, tls-alpn-01]", "How a workload may prove that a name is its own.")
    static let validation = Field(
        "validation", ValidationSection.type, required: true,
        "Which machines the gateway asks when a workload says that a name is its own.")
    static let ordersPerHour = DefaultedField(
        "ordersPerHour", .integer(1...100_000), default: 100, "How many orders one account may make in an hour.")
    static let externalAccounts = Field(
        "externalAccounts", .named(ServerAccountSection.type, noun: "external account"), required: true,
        "Who may have accounts, under the key identifier that a client gives; client certificates bear this name.")

    static let type = ValueType.record(
        "`acme`",
        [listener.row, path.row, challenges.row, validation.row, ordersPerHour.row, externalAccounts.row]
    ) { record in
        ACMEDraft(
            listener: record[listener], path: record.located(path) ?? record.defaulted(path),
            challenges: record[challenges]?.value.map(\.value) ?? ACMEServerSettings.Challenge.allCases,
            validation: record[validation], ordersPerHour: record[ordersPerHour],
            externalAccounts: record[externalAccounts]?.value)
    }
}

enum ValidationSection {
    static let networks = Field(
        "networks", .list(of: .network()), required: true,
        "The networks that workloads live in; a name that resolves to any other address is not asked.",
        danger: "Whoever controls a name makes the gateway connect there; loopback and link-local need `because`.")
    static let httpPort = DefaultedField(
        "httpPort", .port(), default: 80, "The port that is asked for http-01.",
        danger: "Other ports than 80 may belong to somebody else than the one the name belongs to.")
    static let tlsPort = DefaultedField(
        "tlsPort", .port(), default: 443, "The port that is asked for tls-alpn-01.",
        danger: "Other ports than 443 may belong to somebody else than the one the name belongs to.")
    static let because = Because.field("when `networks` has loopback or link-local addresses")

    static let type = ValueType.record(
        "`validation`", [networks.row, httpPort.row, tlsPort.row, because.row]
    ) { record -> ValidationDraft? in
        guard let networks = record[networks]?.value else { return nil }
        return ValidationDraft(
            networks: networks, httpPort: record[httpPort], tlsPort: record[tlsPort], because: record.because(because))
    }
}

enum ServerAccountSection {
    static let macKey = Field(
        "macKey", .secret(examples: ["file:acme/ci.key", "credential:acme-ci", "env:ACME_CI_KEY"]), required: true,
        "The MAC key, as a reference to its base64url text of at least 32 bytes.",
        danger: "Whoever has the key gets certificates for these names, once they prove the names.")
    static let names = Field(
        "names", .list(of: .identityDNS()), required: true,
        "The DNS names it may have: whole ones, or `*.SUFFIX` for one label in front.")
    static let usages = Field(
        "usages", .list(of: .choice(noun: "usage") as ValueType<ACMEServerSettings.Usage>), required: true,
        "What its certificates are for; each is a profile that the client asks for.",
        danger: "With `client` it becomes the client of this name in every `allow`.")
    static let lifetime = DefaultedField(
        "lifetime", .duration(IssuedLifetime.range), default: IssuedLifetime.standard,
        "How long its certificates live.",
        danger: "A long life gives a stolen key a long use.")

    static let type = ValueType.record(
        "an external account", [macKey.row, names.row, usages.row, lifetime.row]
    ) { record -> ACMEServerSettings.ExternalAccount? in
        let lifetime = record[lifetime]
        let (names, usages) = (record[names]?.value, record[usages]?.value)
        guard let key = record[macKey]?.value, let names, let usages else { return nil }
        return ACMEServerSettings.ExternalAccount(
            macKey: key, names: names.map(\.value), usages: usages.map(\.value), lifetime: lifetime)
    }
}

enum EnrolmentSection {
    static let listener = Field(
        "listener", .reference(to: "a listener"), required: true,
        "The listener that answers; with client certificates `optional` both tokens and renewal work.")
    static let path = DefaultedField(
        "path", .pathPrefix(), default: "/enrol",
        "Where it answers. No route sees requests for this path and below.")
    static let lifetime = DefaultedField(
        "lifetime", .duration(IssuedLifetime.range), default: IssuedLifetime.standard,
        "How long a renewed certificate lives; a token says it for the first one.",
        danger: "A long life gives a stolen key a long use.")
    static let renew = Field(
        "renew", .list(of: .reference(to: "an identity"), count: 0...1000), otherwise: "nobody",
        "The identities that may renew their own certificate of the built-in authority.")

    static let type = ValueType.record(
        "`enrolment`", [listener.row, path.row, lifetime.row, renew.row]
    ) { record in
        EnrolmentDraft(
            listener: record[listener], path: record.located(path) ?? record.defaulted(path),
            lifetime: record[lifetime], renew: record[renew]?.value ?? [])
    }
}

extension RecordReader {
    /// The default, at the place of the mapping.
    fileprivate func defaulted<Value>(_ field: DefaultedField<Value>) -> Located<Value> {
        Located(value: field.defaultValue, span: span, path: path.key(field.row.name))
    }
}

extension ConfigurationCheck {
    mutating func acme(profiles: [String: TLSProfile]) -> ACMEServerSettings? {
        guard let located = draft.acme else { return nil }
        let acme = located.value
        checkService(acme.listener, profiles)
        reportPathTwice()
        if acme.externalAccounts?.isEmpty == true {
            session.report(
                .missingKey, "`externalAccounts` is empty, so nobody could have an account", at: located.span,
                path: located.path)
        }
        guard let listener = acme.listener, let validation = acme.validation?.value else { return nil }
        let special = validation.networks.first { $0.value.hasSpecialAddresses }
        accept(
            special.map { "the gateway connects to \($0.value.text) for whoever controls a name" },
            validation.because, path: acme.validation?.path ?? located.path, at: special?.span,
            fix: "add `because: \"…\"` to `validation`, or name the networks of the workloads only")
        var accounts: [String: ACMEServerSettings.ExternalAccount] = [:]
        for entry in acme.externalAccounts ?? [] { accounts[entry.name] = entry.value }
        return ACMEServerSettings(
            listener: listener.value, path: acme.path.value, challenges: acme.challenges,
            validation: .init(
                networks: validation.networks.map(\.value), httpPort: validation.httpPort, tlsPort: validation.tlsPort),
            ordersPerHour: acme.ordersPerHour, externalAccounts: accounts)
    }

    mutating func enrolment(profiles: [String: TLSProfile]) -> EnrolmentSettings? {
        guard let enrolment = draft.enrolment?.value else { return nil }
        let profile = checkService(enrolment.listener, profiles)
        for name in enrolment.renew { identityName(name, trustsBuiltin: true) }
        if let profile, profile.clientCertificates.mode == .none, let first = enrolment.renew.first {
            session.warn(
                .certificateNeverShown, "no client shows a certificate on this listener, so nobody renews",
                at: first.span, path: first.path)
        }
        guard let listener = enrolment.listener else { return nil }
        return EnrolmentSettings(
            listener: listener.value, path: enrolment.path.value, lifetime: enrolment.lifetime,
            renew: enrolment.renew.map(\.value))
    }

    /// The profile of the listener of a service of the gateway itself, if it is known; what is wrong is reported.
    @discardableResult
    private func checkService(_ name: Located<String>?, _ profiles: [String: TLSProfile]) -> TLSProfile? {
        guard let name else { return nil }
        reference(name, to: "a listener", known: draft.listeners?.map(\.name), section: "listeners")
        guard let listener = draft.listeners?.first(where: { $0.name == name.value })?.value else { return nil }
        guard case .tls(let tls) = listener.kind else {
            session.report(
                .notATLSListener, "listener `\(name.value)` only redirects, so nothing is served there", at: name.span,
                help: ["name a listener with `tls`"], path: name.path)
            return nil
        }
        guard let profile = profiles[tls.profile?.value ?? Builtin.profile] else { return nil }
        if profile.clientCertificates.mode == .require, tls.hosts.isEmpty {
            session.warn(
                .newcomersShutOut, "listener `\(name.value)` lets nobody in who has no certificate yet", at: name.span,
                help: ["use a profile with clientCertificates: { mode: optional }"], path: name.path)
        }
        return profile
    }

    private func reportPathTwice() {
        guard let acme = draft.acme?.value, let enrolment = draft.enrolment?.value, let first = acme.listener?.value,
            first == enrolment.listener?.value
        else { return }
        let (one, other) = (acme.path.value, enrolment.path.value)
        guard one == other || one.hasPrefix(other + "/") || other.hasPrefix(one + "/") else { return }
        session.report(
            .servicePathTwice, "`\(other)` and `\(one)` overlap, so one would answer for the other",
            at: enrolment.path.span, path: enrolment.path.path, related: (acme.path.span, "the other path"))
    }
}

extension EffectiveConfiguration {
    static func acme(_ acme: ACMEServerSettings) -> JSONValue {
        .members([
            "listener": .string(acme.listener), "path": .string(acme.path),
            "challenges": .strings(acme.challenges.map(\.rawValue)),
            "validation": .members([
                "networks": .strings(acme.validation.networks.map(\.text)),
                "httpPort": .integer(Int(acme.validation.httpPort)), "tlsPort": .integer(Int(acme.validation.tlsPort)),
            ]),
            "ordersPerHour": .integer(acme.ordersPerHour),
            "externalAccounts": .object(
                acme.externalAccounts.sorted { $0.key < $1.key }.map { .init($0.key, externalAccount($0.value)) }),
        ])
    }

    private static func externalAccount(_ account: ACMEServerSettings.ExternalAccount) -> JSONValue {
        .members([
            "macKey": .string(account.macKey.text), "names": .strings(account.names),
            "usages": .strings(account.usages.map(\.rawValue)),
            "lifetime": .string(DurationText.text(account.lifetime)),
        ])
    }

    static func enrolment(_ enrolment: EnrolmentSettings) -> JSONValue {
        .members([
            "listener": .string(enrolment.listener), "path": .string(enrolment.path),
            "lifetime": .string(DurationText.text(enrolment.lifetime)), "renew": .strings(enrolment.renew),
        ])
    }
}
