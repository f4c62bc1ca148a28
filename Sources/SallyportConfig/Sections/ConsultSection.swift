import SallyportModel

struct ConsultDraft: Sendable {
    var settings: ExternalAuthorization
    var upstream: Located<String>
    var whenUnavailable: Located<ExternalAuthorization.Unavailable>?
    var because: Because
}

/// `consult` of a policy.
enum ConsultSection {
    private static let defaults = ExternalAuthorization(upstream: "")
    static let upstream = Field(
        "upstream", .reference(to: "an upstream"), required: true,
        "Who is asked: a GET with X-Forwarded-Method, -Uri, -Host, -Proto and -For, and X-Sallyport-Identity.")
    static let path = DefaultedField(
        "path", .requestPath(), default: defaults.path, "The path of the question.")
    static let timeout = DefaultedField(
        "timeout", .duration(.milliseconds(10)...(.seconds(30))), default: defaults.timeout,
        "How long an answer is waited for.")
    static let send = Field(
        "send", .list(of: .fieldName(), count: 0...64), otherwise: "[authorization, cookie]",
        "Fields of the request that the service gets to see.")
    static let take = Field(
        "take", .list(of: .fieldName(), count: 0...64), otherwise: "none",
        "Fields of the service's answer that the upstream gets to see; the client's own of these names never get there.")
    static let whenUnavailable = Field(
        "whenUnavailable", .choice(noun: "answer where there is none") as ValueType<ExternalAuthorization.Unavailable>,
        otherwise: "refuse",
        "What happens to a request when the service does not answer in time, or with a status of 500 and more.",
        danger: "`allow` needs `because`.")
    static let because = Because.field("when `whenUnavailable` is allow")

    static let type = ValueType.record(
        "`consult`",
        [upstream.row, path.row, timeout.row, send.row, take.row, whenUnavailable.row, because.row]
    ) { record -> ConsultDraft? in
        let name = record[upstream]
        var settings = ExternalAuthorization(upstream: name?.value ?? "")
        settings.path = record[path]
        settings.timeout = record[timeout]
        settings.send = record[send]?.value.map(\.value) ?? defaults.send
        settings.take = record[take]?.value.map(\.value) ?? []
        let unavailable = record[whenUnavailable]
        settings.whenUnavailable = unavailable?.value ?? .refuse
        let because = record.because(because)
        return name.map {
            ConsultDraft(settings: settings, upstream: $0, whenUnavailable: unavailable, because: because)
        }
    }
}

extension ConfigurationCheck {
    mutating func consult(_ draft: Located<ConsultDraft>) -> ExternalAuthorization {
        let value = draft.value
        reference(
            value.upstream, to: "an upstream", known: self.draft.upstreams?.map(\.name), section: "upstreams")
        for name in value.settings.take { refuseOwnField(name, at: draft.span, draft.path.key("take"), isRequest: true) }
        for name in value.settings.send where name.hasPrefix("x-sallyport-") {
            session.report(
                .fieldOfTheGateway, "`\(name)` is written by the gateway itself", at: draft.span,
                label: "can't be taken from the client", path: draft.path.key("send"))
        }
        accept(
            value.settings.whenUnavailable == .allow ? "requests pass while the service that is consulted is away" : nil,
            value.because, path: draft.path, at: value.whenUnavailable?.span,
            fix: "add `because: \"…\"`, or remove whenUnavailable")
        return value.settings
    }
}
