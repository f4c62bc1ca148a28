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

    package init(_ reason: Reason, fields: [(name: String, value: String)] = []) {
        self.reason = reason
        self.fields = fields
    }
}
