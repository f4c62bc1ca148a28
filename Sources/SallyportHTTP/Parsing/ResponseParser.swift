import SallyportModel

/// What the bytes of an upstream mean, one step at a time.
package enum ResponseEvent: Sendable {
    case needMore
    /// An interim head (1xx) is followed by another head; every other by content and `end`.
    case head(ResponseHead)
    /// Content, as offsets in the span that was passed.
    case body(Range<Int>)
    /// The message is complete. Whether the connection is of further use says `keepAlive` of its head.
    case end
    case refused(Reason)
}

package struct ResponseParser: ~Copyable {
    let limits: HTTPLimits

    package init(limits: HTTPLimits) {
        self.limits = limits
    }

    /// Says which request the next response answers: HEAD decides about framing. Until it is called, every byte is
    /// a response nobody asked for, and refused.
    package mutating func expect(_ method: Method) {}

    package mutating func next(_ input: RawSpan) -> (consumed: Int, event: ResponseEvent) {
        (input.byteCount, .needMore)
    }

    /// What the end of the connection means: `end` when it ends the content or nothing was under way, else
    /// `refused` (truncated).
    package mutating func inputClosed() -> ResponseEvent { .end }
}
