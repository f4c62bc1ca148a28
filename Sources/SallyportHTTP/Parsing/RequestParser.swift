import SallyportModel

/// What the bytes of a client mean, one step at a time.
package enum RequestEvent: Sendable {
    /// Everything was consumed and more is needed.
    case needMore
    case head(RequestHead)
    /// Content, as offsets in the span that was passed.
    case body(Range<Int>)
    /// The message is complete; the next call begins the next request.
    case end
    case refused(Reason)
}

package struct RequestParser: ~Copyable {
    let limits: HTTPLimits

    package init(limits: HTTPLimits) {
        self.limits = limits
    }

    package mutating func next(_ input: RawSpan) -> (consumed: Int, event: RequestEvent) {
        (input.byteCount, .needMore)
    }
}
