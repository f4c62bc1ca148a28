import SallyportModel

/// A request that is recorded in a trace: its line in the access log, and what was asked of upstreams for it.
package struct SpanRecord: Sendable {
    package var access: AccessRecord
    package var trace: RequestTrace
    package var attempts: [AttemptRecord]

    package init(_ access: AccessRecord, _ trace: RequestTrace, _ attempts: [AttemptRecord]) {
        self.access = access
        self.trace = trace
        self.attempts = attempts
    }
}

/// One try to have a request answered by one target.
package struct AttemptRecord: Sendable {
    package var span: SpanID
    /// Nanoseconds since 1970.
    package var began: Int64
    package var ended: Int64
    /// `https://orders.internal:8443`
    package var url: String
    package var host: String
    package var port: UInt16
    /// Of its response; zero when there was none.
    package var status: UInt16
    package var reason: Reason?

    package init(
        span: SpanID, began: Int64, ended: Int64, url: String, host: String, port: UInt16, status: UInt16,
        reason: Reason?
    ) {
        self.span = span
        self.began = began
        self.ended = ended
        self.url = url
        self.host = host
        self.port = port
        self.status = status
        self.reason = reason
    }
}
