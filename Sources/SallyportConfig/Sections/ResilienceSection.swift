import SallyportModel

enum RetriesSection {
    private static let defaults = Retries()
    static let attempts = DefaultedField(
        "attempts", .integer(0...10), default: defaults.attempts,
        "How often a request is sent once more after its first attempt, each time to another target where there is one.",
        danger: "Each attempt is load for a service that may fail because of load; `budget` bounds it.")
    static let on = Field(
        "on", .list(of: .failure(), count: 1...32), otherwise: "[connect, reset]",
        """
        What is tried again: no connection, a connection that ended before the response began, no head within \
        `timeouts.attempt`, or a status. Only connect is tried again whatever the method is; the others for methods \
        that may be repeated (GET, HEAD, OPTIONS, TRACE, PUT, DELETE) and content of at most 64KiB.
        """)
    static let budget = DefaultedField(
        "budget", .share(), default: defaults.budget,
        "Retries are at most this share of the requests of the last ten seconds.")
    static let perSecond = DefaultedField(
        "perSecond", .integer(0...1000), default: defaults.perSecond,
        "So many retries a second are allowed on each worker whatever the budget says.")

    static let type = ValueType.record("`retries`", [attempts.row, on.row, budget.row, perSecond.row]) { record in
        Retries(
            attempts: record[attempts], on: record[on]?.value.map(\.value) ?? defaults.on, budget: record[budget],
            perSecond: record[perSecond])
    }
}

enum CircuitSection {
    private static let defaults = Circuit()
    static let maxRequests = DefaultedField(
        "maxRequests", .integer(1...1_000_000), default: defaults.maxRequests,
        "So many requests are under way at a time over all targets and workers; further ones wait.")
    static let maxPending = DefaultedField(
        "maxPending", .integer(0...100_000), default: defaults.maxPending,
        "So many requests wait for their turn; further ones are answered 503 at once.")
    static let maxWait = DefaultedField(
        "maxWait", .duration(.milliseconds(1)...(.seconds(60))), default: defaults.maxWait,
        "How long a request waits for its turn before it is answered 503.")

    static let type = ValueType.record("`circuit`", [maxRequests.row, maxPending.row, maxWait.row]) { record in
        Circuit(maxRequests: record[maxRequests], maxPending: record[maxPending], maxWait: record[maxWait])
    }
}

enum HedgeSection {
    private static let defaults = Hedge()
    static let after = DefaultedField(
        "after", .duration(.milliseconds(1)...(.seconds(60))), default: defaults.after,
        "A second target is not asked earlier than this, and not before 95 of 100 requests would have been answered.")
    static let share = DefaultedField(
        "share", .share(Share(basisPoints: 1)...Share(percent: 20)), default: defaults.share,
        "Second questions are at most this share of the requests.",
        danger: "Each of them is additional load for a service that is slow.")

    static let type = ValueType.record("`hedge`", [after.row, share.row]) { record in
        Hedge(after: record[after], share: record[share])
    }
}

struct MirrorDraft: Sendable {
    var upstream: Located<String>?
    var share: Share
}

enum MirrorSection {
    static let to = Field(
        "to", .reference(to: "an upstream"), required: true, "The upstream that gets the copies.",
        danger: "It sees what the clients send, their credentials included.")
    static let share = DefaultedField(
        "share", .share(Share(basisPoints: 1)...Share(percent: 100)), default: Share(percent: 100),
        "How many of the requests are copied, by chance.")

    static let type = ValueType.record("`mirror`", [to.row, share.row]) { record in
        MirrorDraft(upstream: record[to], share: record[share])
    }
}

extension ConfigurationCheck {
    /// A part of a split that no target of the upstream bears would be a share of requests that fail.
    func split(_ draft: Located<[SplitPart]>?, of destination: Located<RouteDraft.Destination>?) -> [SplitPart] {
        guard let draft, let destination else { return [] }
        guard case .upstream(let name) = destination.value else {
            session.report(
                .unknownReference, "`split` needs an upstream whose targets have labels", at: draft.span,
                help: ["define an upstream with `targets: [{url: …, labels: […]}]` and name it in `to`"],
                path: draft.path)
            return []
        }
        guard let upstream = self.draft.upstreams?.first(where: { $0.name == name })?.value else { return [] }
        let labels = upstream.targets.flatMap(\.value.labels)
        for part in draft.value where !labels.contains(part.label) {
            let unnamed = labels.filter { label in !draft.value.contains { $0.label == label } }
            let near = Spelling.nearest(to: part.label, among: unnamed)
            session.report(
                .unknownReference, "no target of `\(name)` has the label `\(part.label)`", at: draft.span,
                help: [near.map { "did you mean `\($0)`?" } ?? "give a target `labels: [\(part.label)]`"],
                path: draft.path.key(part.label))
        }
        return draft.value
    }

    func mirror(_ draft: MirrorDraft?, of destination: Located<RouteDraft.Destination>?) -> TrafficMirror? {
        guard let draft, let upstream = draft.upstream else { return nil }
        reference(upstream, to: "an upstream", known: self.draft.upstreams?.map(\.name), section: "upstreams")
        if let destination { checkMirror(upstream, of: destination) }
        return TrafficMirror(upstream: upstream.value, share: draft.share)
    }

    /// Copies to the service that answers have it do things twice: for certain in the same upstream, and by chance where two
    /// upstreams share a target.
    private func checkMirror(_ mirror: Located<String>, of destination: Located<RouteDraft.Destination>) {
        let answering = (destination.span, "answers the requests")
        if case .upstream(mirror.value) = destination.value {
            return session.report(
                .mirrorToItself, "`\(mirror.value)` would get each of its requests twice", at: mirror.span,
                label: "gets the copies", help: ["name another upstream in `mirror.to`, or remove `mirror`"],
                path: mirror.path, related: answering)
        }
        let targets = Set(targets(of: destination.value))
        guard let shared = self.targets(of: .upstream(mirror.value)).first(where: targets.contains) else { return }
        session.warn(
            .mirrorToItself, "\(shared) gets requests and copies of them", at: mirror.span, label: "gets the copies",
            help: ["mirror to targets that do not answer the requests"], path: mirror.path, related: answering)
    }

    private func targets(of destination: RouteDraft.Destination) -> [String] {
        switch destination {
        case .target(let target): [target.url]
        case .upstream(let name):
            draft.upstreams?.first { $0.name == name }?.value?.targets.map(\.value.url) ?? []
        }
    }
}
