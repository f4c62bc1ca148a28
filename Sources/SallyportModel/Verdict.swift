/// What a filter decides about an exchange. There is nothing else it could say.
package enum Verdict: Sendable {
    /// Go on with the next step.
    case proceed
    /// Answer here and now; nothing behind this step is run and the upstream is not reached.
    case respond(LocalReply)
}

/// An answer that the gateway gives itself.
package struct LocalReply: Sendable {
    package let reason: Reason
    /// Extra header fields, such as `allow` or `retry-after`; names lower-case.
    package let fields: [(name: String, value: String)]
    /// Set where quotas refused: the problem has another type then, and says which.
    package let quota: QuotaProblem?

    package init(_ reason: Reason, fields: [(name: String, value: String)] = [], quota: QuotaProblem? = nil) {
        self.reason = reason
        self.fields = fields
        self.quota = quota
    }
}

/// A problem about quotas, whose types are registered (RFC 9457 §4.2).
package struct QuotaProblem: Sendable, Hashable {
    package enum Kind: String, Sendable {
        case quotaExceeded = "https://iana.org/assignments/http-problem-types#quota-exceeded"
        case temporaryReducedCapacity = "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity"
    }

    package let type: Kind
    /// Names of limits, as in `RateLimit-Policy`.
    package let violatedPolicies: [String]

    package init(type: Kind, violatedPolicies: [String]) {
        self.type = type
        self.violatedPolicies = violatedPolicies
    }
}
