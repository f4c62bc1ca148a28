import SallyportModel

/// One limit as it stands in the file.
struct RateLimitDraft: Sendable {
    var name: Located<String>?
    var by: [Located<RateLimit.Partition?>]
    var rate: Located<Rate>?
    var burst: Located<Int>?
    var count: Located<Rate.Unit>?
    var concurrent: Located<Int>?
    var scope: Located<RateLimit.Scope>?
    var whenClusterFails: Located<RateLimit.ClusterFailure>?
    var isShadow: Bool
    var fields: RateLimit.ResponseFields
    /// Nothing in it was reported so far.
    var isSound: Bool
}

enum RateLimitSection {
    static let name = Field(
        "name", .reference(to: "a limit"), otherwise: "the name of the policy",
        "What responses, logs and shared counters call the limit.")
    static let by = Field(
        "by", .single(orListOf: .limitPartition(), count: 1...4), required: true,
        """
        What requests are counted together by: identity is who asks, address where from (of IPv6 the /64), key the \
        API key, route the route, all everybody. Where a request has none of it, its address stands in.
        """)
    static let rate = Field(
        "rate", .rate(),
        """
        How much comes back in which time. By the second, minute or hour it comes back evenly; by the day or month \
        (UTC) a sliding window counts.
        """)
    static let burst = Field(
        "burst", .integer(1...1_000_000_000_000), otherwise: "the number of `rate`",
        "How much may come at once after a pause; in requests, or in bytes where those are counted.")
    static let count = Field(
        "count", .choice(noun: "unit") as ValueType<Rate.Unit>, otherwise: "requests, or bytes where `rate` is a size",
        "What is counted: requests, or bytes of the contents of requests and responses.")
    static let concurrent = Field(
        "concurrent", .integer(1...1_000_000), "How many requests may be under way at a time.")
    static let scope = Field(
        "scope", .choice(noun: "scope") as ValueType<RateLimit.Scope>, otherwise: "local",
        "Whether each gateway counts by itself (local) or all gateways of the cluster count together (cluster).")
    static let whenClusterFails = Field(
        "whenClusterFails", .choice(noun: "reaction") as ValueType<RateLimit.ClusterFailure>, otherwise: "open-local",
        """
        What holds while the shared counters cannot be reached: open-local lets each gateway grant its part of the \
        limit, open lets everybody in, closed nobody.
        """,
        danger: "With open, whoever can disturb the shared counters has no limit; with closed, nobody is served.")
    static let shadow = Field(
        "shadow", .isTrue(), otherwise: "the limit refuses",
        "Counts and reports whom the limit would refuse, and refuses nobody.")
    static let fields = DefaultedField(
        "fields", .choice(noun: "kind of fields"), default: RateLimit.ResponseFields.draft,
        """
        What responses say about the limit: draft is RateLimit and RateLimit-Policy, legacy is X-RateLimit-Limit, \
        -Remaining and -Reset; Retry-After comes with every refusal.
        """)

    static let type = ValueType.record(
        "a rate limit",
        [
            name.row, by.row, rate.row, burst.row, count.row, concurrent.row, scope.row, whenClusterFails.row,
            shadow.row, fields.row,
        ], rules: [.exactlyOne(["rate", "concurrent"])]
    ) { record in
        var draft = RateLimitDraft(
            name: record[name], by: record[by]?.value ?? [], rate: record[rate], burst: record[burst],
            count: record[count], concurrent: record[concurrent], scope: record[scope],
            whenClusterFails: record[whenClusterFails], isShadow: record[shadow]?.value ?? false,
            fields: record[fields], isSound: true)
        draft.isSound = record.isSound
        return draft
    }
}

enum PartitionSection {
    static let header = Field(
        "header", .token("the name of a request field", lowercased: true), otherwise: "`claim` must be there",
        "The value of this request field.",
        danger: "Whoever chooses the value chooses who they are counted as: combine it with identity or address.")

    static let claim = Field(
        "claim", .text("the name of a claim"), otherwise: "`header` must be there",
        "The value of this claim of the token, by issuer: a text, a number, or true or false.")

    static let type = ValueType.record(
        "`by`", [header.row, claim.row], rules: [.exactlyOne(["header", "claim"])]
    ) { record -> RateLimit.Partition? in
        let claim = record[claim].map { RateLimit.Partition.claim($0.value) }
        return record[header].map { .header($0.value) } ?? claim
    }
}
