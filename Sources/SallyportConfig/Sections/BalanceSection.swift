import SallyportModel

/// A target that stands as a mapping.
enum TargetSection {
    static let url = Field("url", .target(), required: true, "The server, as URL without path.")
    static let weight = DefaultedField(
        "weight", .integer(1...1000), default: 1,
        "Its share of the requests in relation to the weights of the other targets.")
    static let labels = Field(
        "labels", .list(of: .reference(to: "a label"), count: 1...16), otherwise: "none",
        "Names of your choice, by which the `split` of a route finds targets.")

    static let type = ValueType.record("a target", [url.row, weight.row, labels.row]) { record -> UpstreamTarget? in
        let (weight, labels) = (record[weight], record[labels]?.value.map(\.value) ?? [])
        guard var target = record[url]?.value else { return nil }
        target.weight = weight
        target.labels = labels
        return target
    }
}

/// `balance` as a mapping.
enum HashSection {
    static let hash = Field(
        "hash", .hashKey(), required: true,
        "What decides: requests with the same key go to the same target for as long as it is healthy and not too busy.")

    static let type = ValueType.record("`balance`", [hash.row]) { record in
        record[hash].map { Balance.Method.hash($0.value) }
    }
}

enum HashKeySection {
    static let header = Field(
        "header", .token("the name of a request field", lowercased: true),
        "The value of this request field; a request without it goes to a target at random.",
        danger: "Whoever chooses the value chooses the target.")
    static let cookie = Field(
        "cookie", .token("the name of a cookie", lowercased: false),
        "The value of this cookie; a request without it goes to a target at random.",
        danger: "Whoever chooses the value chooses the target.")

    static let type = ValueType.record(
        "`hash`", [header.row, cookie.row], rules: [.exactlyOne(["header", "cookie"])]
    ) { record -> Balance.HashKey? in
        if let name = record[header] { return .header(name.value) }
        return record[cookie].map { .cookie($0.value) }
    }
}

enum HealthSection {
    private static let check = HealthCheck(path: "/")
    private static let ejection = Ejection()

    static let path = Field(
        "path", .requestPath(), otherwise: "nothing is asked",
        "Asked of each target with GET, to find those that cannot serve before a request does.")
    static let every = DefaultedField(
        "every", .duration(.milliseconds(100)...(.seconds(3600))), default: check.every,
        "How often each target is asked, give or take a tenth.")
    static let timeout = DefaultedField(
        "timeout", .duration(.milliseconds(10)...(.seconds(60))), default: check.timeout,
        "How long a target may take to answer, connection included.")
    static let expect = Field(
        "expect", .oneOrMore(.statuses()), otherwise: "200-299", "The statuses that mean health.")
    static let downAfter = DefaultedField(
        "downAfter", .integer(1...100), default: check.downAfter,
        "So many bad answers in a row take a target out; one is enough for a target that has never given a good one.")
    static let upAfter = DefaultedField(
        "upAfter", .integer(1...100), default: check.upAfter, "So many good answers in a row bring a target back.")
    static let ejectAfter = DefaultedField(
        "ejectAfter", .integer(0...1000), default: ejection.after,
        "So many requests in a row that fail at a target take it out for a while; 0 is never.")
    static let ejectOn = Field(
        "ejectOn", .list(of: .failure(), count: 1...32), otherwise: "[connect, reset, timeout, 502, 503, 504]",
        "What counts as a failure of the target.",
        danger: "With 500, whoever finds a request that makes the service fail can take targets out.")
    static let ejectFor = DefaultedField(
        "ejectFor", .duration(.milliseconds(100)...(.seconds(300))), default: ejection.time,
        "How long a target stays out the first time; the second time twice as long, and so on up to 5m.")
    static let ejectAtMost = DefaultedField(
        "ejectAtMost", .share(), default: ejection.atMost,
        "No more of the targets are taken out at a time; one always may be, but never the only one.")

    static let type = ValueType.record(
        "`health`",
        [
            path.row, every.row, timeout.row, expect.row, downAfter.row, upAfter.row, ejectAfter.row, ejectOn.row,
            ejectFor.row, ejectAtMost.row,
        ]
    ) { record in
        // Read whether or not there is a path, so that every mistake is found at once.
        let settings = HealthCheck(
            path: record[path]?.value ?? "", every: record[every], timeout: record[timeout],
            expect: record[expect]?.value.map(\.value) ?? check.expect, downAfter: record[downAfter],
            upAfter: record[upAfter])
        return HealthSettings(
            check: settings.path.isEmpty ? nil : settings,
            ejection: Ejection(
                after: record[ejectAfter], on: record[ejectOn]?.value.map(\.value) ?? ejection.on,
                time: record[ejectFor], atMost: record[ejectAtMost]))
    }
}
