/// Which traces are recorded, decided by their name: whoever samples the same share by the same bits agrees.
package struct TraceSampler: Sendable, Equatable {
    /// Of 2^56; traces whose last 56 bits are below it are not recorded.
    private let threshold: UInt64

    private static let all: UInt64 = 1 << 56

    /// - Parameter basisPoints: hundredths of a per cent, 0 to 10,000.
    package init(basisPoints: Int) {
        let share = UInt64(min(max(basisPoints, 0), 10_000))
        threshold = Self.all - Self.all / 10_000 * share
    }

    /// The decision for a trace that begins here.
    package func isSampled(_ trace: TraceID) -> Bool {
        threshold < Self.all && (threshold <= Self.all % 10_000 || trace.low & (Self.all - 1) >= threshold)
    }
}

/// A trace as one request has it: where it came from, and what the gateway adds.
package struct RequestTrace: Sendable {
    package let trace: TraceID
    /// Of the request itself.
    package let span: SpanID
    /// Whom the request's span belongs under; nil where it is the first.
    package let parent: SpanID?
    /// What somebody claimed who is not trusted with it: it is pointed to, not followed.
    package let link: TraceContext?
    package let isSampled: Bool
    package let state: String

    /// - Parameters:
    ///   - incoming: what the request says.
    ///   - isTrusted: whether the one who asks may decide which trace this is, and whether it is recorded.
    package init(
        _ id: RequestID, incoming: TraceContext?, isTrusted: Bool, sampler: TraceSampler, span: SpanID
    ) {
        self.span = span
        if let incoming, isTrusted {
            (trace, parent, link) = (incoming.trace, incoming.parent, nil)
            (isSampled, state) = (incoming.isSampled, incoming.state)
        } else {
            trace = TraceID(id)
            (parent, link, state) = (nil, incoming, "")
            isSampled = sampler.isSampled(trace)
        }
    }
}
