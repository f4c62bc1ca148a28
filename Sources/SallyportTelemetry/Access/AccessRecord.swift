import SallyportModel

/// One request and how it ended, as the event loop knows it: references and numbers, nothing formatted.
///
/// The parts of the request line stay where the parser left them: `head` shares the parser's storage. The query's
/// values are never part of a record, because they carry secrets too often; only that there was one.
package struct AccessRecord: Sendable {
    /// When the head was complete: nanoseconds since 1970.
    package var time: Int64
    /// From the complete head to the last byte of the reply, microseconds.
    package var duration: UInt32
    package var connection: AccessConnection
    /// The bytes that `method` and `path` lie in; empty when no head could be read.
    package var head: [UInt8]
    package var method: Range<UInt32>
    /// The normalised path, the one that was decided on and forwarded.
    package var path: Range<UInt32>
    package var hasQuery: Bool
    /// Lower-case, without port.
    package var host: String
    /// Zero when no reply was sent.
    package var status: UInt16
    /// Why the request was refused or failed.
    package var reason: Reason?
    /// Bytes of content, without framing.
    package var requestBytes: UInt64
    package var responseBytes: UInt64
    package var route: String?
    package var upstream: String?
    /// From the request written to the upstream to the head of its response, microseconds.
    package var upstreamDuration: UInt32
    package var id: RequestID
    package var generation: Int
    /// Who asked beyond the certificate, as token and API key say; nil without them.
    package var caller: String?
    /// Set where the request is part of a trace.
    package var trace: TraceID?
    package var span: SpanID?

    package init(
        time: Int64, duration: UInt32 = 0, connection: AccessConnection, head: [UInt8] = [],
        method: Range<UInt32> = 0..<0,
        path: Range<UInt32> = 0..<0, hasQuery: Bool = false, host: String = "", status: UInt16 = 0,
        reason: Reason? = nil,
        requestBytes: UInt64 = 0, responseBytes: UInt64 = 0, route: String? = nil, upstream: String? = nil,
        upstreamDuration: UInt32 = 0, id: RequestID, generation: Int, caller: String? = nil
    ) {
        self.caller = caller
        self.time = time
        self.duration = duration
        self.connection = connection
        self.head = head
        self.method = method
        self.path = path
        self.hasQuery = hasQuery
        self.host = host
        self.status = status
        self.reason = reason
        self.requestBytes = requestBytes
        self.responseBytes = responseBytes
        self.route = route
        self.upstream = upstream
        self.upstreamDuration = upstreamDuration
        self.id = id
        self.generation = generation
    }

    /// What the gateway decided. A request that an upstream failed was allowed.
    var decision: StaticString {
        guard let reason else { return "allow" }
        return reason.origin == .upstream ? "allow" : "refuse"
    }
}
