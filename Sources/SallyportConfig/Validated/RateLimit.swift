/// How much one caller may do: a rule of `policies.NAME.rateLimit`.
package struct RateLimit: Sendable, Hashable {
    /// What responses and logs call it.
    package var name: String
    /// What requests are counted together by, all of it at once; empty: all requests together.
    package var by: [Partition]
    package var quota: Quota
    package var scope: Scope
    package var whenClusterFails: ClusterFailure
    /// It counts and reports, and refuses nobody.
    package var isShadow: Bool
    package var fields: ResponseFields

    package init(
        name: String, by: [Partition], quota: Quota, scope: Scope = .local,
        whenClusterFails: ClusterFailure = .openLocal, isShadow: Bool = false, fields: ResponseFields = .draft
    ) {
        self.name = name
        self.by = by
        self.quota = quota
        self.scope = scope
        self.whenClusterFails = whenClusterFails
        self.isShadow = isShadow
        self.fields = fields
    }

    /// One thing that tells callers apart. Where a request has none of it, the address stands in.
    package enum Partition: Sendable, Hashable {
        /// The name that the caller has in `identities`, shared by all who have it; the client itself where it has none.
        case identity
        /// The client itself: its token's issuer and subject, or its API key, or its certificate's authority and subject.
        case client
        /// The client's address; of an IPv6 address its /64.
        case address
        /// A request field, lower-case.
        case header(String)
        /// A claim of the token, by its name at the top; texts, numbers and truth values count.
        case claim(String)
        /// The API key.
        case key
        case route
    }

    package enum Quota: Sendable, Hashable {
        case rate(Rate, burst: UInt64)
        /// Requests under way at a time.
        case concurrent(UInt64)
    }

    package enum Scope: String, Sendable, CaseIterable { case local, cluster }

    /// What holds while the shared counters cannot be reached.
    package enum ClusterFailure: String, Sendable, CaseIterable {
        /// Each gateway grants its share of the limit by itself.
        case openLocal = "open-local"
        case open
        case closed
    }

    /// What responses say about the limit, beside Retry-After.
    package enum ResponseFields: String, Sendable, CaseIterable {
        /// RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers-11).
        case draft
        /// X-RateLimit-Limit, -Remaining and -Reset.
        case legacy
        case both
        case none
    }
}

/// So much in a time: `100/s`, `10MiB/s`, `1000000/month`.
package struct Rate: Sendable, Hashable {
    /// At least 1.
    package var amount: UInt64
    package var period: Period
    package var unit: Unit

    package init(_ amount: UInt64, per period: Period, _ unit: Unit = .requests) {
        self.amount = amount
        self.period = period
        self.unit = unit
    }

    package enum Unit: String, Sendable, CaseIterable { case requests, bytes }

    /// As it stands behind the slash.
    package enum Period: String, Sendable, CaseIterable {
        case second = "s"
        case minute = "min"
        case hour
        /// From midnight to midnight, UTC.
        case day
        /// A month of the calendar, UTC.
        case month

        /// Seconds of the periods that do not depend on the calendar.
        package var seconds: UInt64? {
            switch self {
            case .second: 1
            case .minute: 60
            case .hour: 3600
            case .day, .month: nil
            }
        }
    }
}
