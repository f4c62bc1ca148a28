import SallyportModel

/// An ExportTraceServiceRequest in the JSON encoding of OTLP 1: identifiers in hex, 64-bit numbers as text.
package struct SpanDocument: ~Copyable {
    private var line = LineBuffer(capacity: 64 << 10)
    private var needsComma = false
    /// Spans in it.
    package private(set) var spans = 0

    /// - Parameter resource: attributes of the process, in this order.
    package init(resource: [(name: String, value: String)], version: String) {
        line.append("{\"resourceSpans\":[{\"resource\":{\"attributes\":[")
        for (index, attribute) in resource.enumerated() {
            if index > 0 { line.append(",") }
            line.append("{\"key\":")
            line.appendQuoted(attribute.name)
            line.append(",\"value\":{\"stringValue\":")
            line.appendQuoted(attribute.value)
            line.append("}}")
        }
        line.append("]},\"scopeSpans\":[{\"scope\":{\"name\":\"sallyport\",\"version\":")
        line.appendQuoted(version)
        line.append("},\"spans\":[")
    }

    package consuming func finish() -> [UInt8] {
        line.append("]}]}]}")
        return line.bytes
    }

    /// The request's span, and one for each attempt.
    package mutating func append(_ record: borrowing SpanRecord) {
        appendServer(record)
        for (index, attempt) in record.attempts.enumerated() { appendClient(attempt, index, of: record) }
    }

    // MARK: the request

    private mutating func appendServer(_ record: borrowing SpanRecord) {
        let access = record.access
        begin(record.trace.trace, record.trace.span, parent: record.trace.parent, state: record.trace.state)
        line.append(",\"name\":\"")
        appendMethod(access)
        if let route = access.route {
            line.append(" ")
            line.appendEscaped(route)
        }
        line.append("\",\"kind\":2")
        times(access.time, access.time + Int64(access.duration) * 1000)
        line.append(",\"attributes\":[")
        needsComma = false
        requestAttributes(access)
        text("server.address", access.host)
        text("http.route", access.route)
        text("client.address", access.connection.clientAddress)
        text("network.protocol.version", access.connection.version)
        text("sallyport.listener", access.connection.listener)
        text("sallyport.identity", access.connection.identity)
        text("sallyport.caller", access.caller)
        text("sallyport.upstream", access.upstream)
        text("sallyport.request_id", access.id.description)
        number("sallyport.generation", Int64(access.generation))
        outcome(access.status, access.reason)
        line.append("]")
        if let link = record.trace.link { append(link) }
        end(isError: access.status >= 500 || access.status == 0)
    }

    private mutating func append(_ link: TraceContext) {
        line.append(",\"links\":[{\"traceId\":\"")
        line.append(link.trace)
        line.append("\",\"spanId\":\"")
        line.append(link.parent)
        line.append("\",\"attributes\":[")
        needsComma = false
        text("sallyport.link", "claimed by a caller who is not trusted with traces")
        line.append("]}]")
    }

    // MARK: an attempt

    private mutating func appendClient(_ attempt: AttemptRecord, _ index: Int, of record: borrowing SpanRecord) {
        begin(record.trace.trace, attempt.span, parent: record.trace.span, state: record.trace.state)
        line.append(",\"name\":\"")
        appendMethod(record.access)
        line.append("\",\"kind\":3")
        times(attempt.began, attempt.ended)
        line.append(",\"attributes\":[")
        needsComma = false
        requestAttributes(record.access)
        text("server.address", attempt.host)
        number("server.port", Int64(attempt.port))
        text("url.full", attempt.url)
        text("sallyport.upstream", record.access.upstream)
        if index > 0 { number("http.request.resend_count", Int64(index)) }
        outcome(attempt.status, attempt.reason)
        line.append("]")
        end(isError: attempt.status >= 400 || attempt.status == 0)
    }

    // MARK: parts

    private mutating func begin(_ trace: TraceID, _ span: SpanID, parent: SpanID?, state: String) {
        line.append(spans == 0 ? "{\"traceId\":\"" : ",{\"traceId\":\"")
        line.append(trace)
        line.append("\",\"spanId\":\"")
        line.append(span)
        if let parent {
            line.append("\",\"parentSpanId\":\"")
            line.append(parent)
        }
        line.append("\"")
        guard !state.isEmpty else { return }
        line.append(",\"traceState\":")
        line.appendQuoted(state)
    }

    private mutating func end(isError: Bool) {
        if isError { line.append(",\"status\":{\"code\":2}") }
        line.append("}")
        spans += 1
    }

    private mutating func times(_ began: Int64, _ ended: Int64) {
        line.append(",\"startTimeUnixNano\":\"")
        line.append(UInt64(clamping: began))
        line.append("\",\"endTimeUnixNano\":\"")
        line.append(UInt64(clamping: max(began, ended)))
        line.append("\"")
    }

    /// Path only: values of a query are secrets too often.
    private mutating func requestAttributes(_ access: borrowing AccessRecord) {
        attribute("http.request.method")
        line.append("\"stringValue\":\"")
        appendMethod(access)
        line.append("\"}}")
        text("url.scheme", "https")
        attribute("url.path")
        line.append("\"stringValue\":\"")
        line.appendEscaped(access.head, Int(access.path.lowerBound)..<Int(access.path.upperBound))
        line.append("\"}}")
    }

    private mutating func outcome(_ status: UInt16, _ reason: Reason?) {
        if status > 0 { number("http.response.status_code", Int64(status)) }
        if let reason {
            text("sallyport.reason", reason.name)
            if status >= 500 || status == 0 { text("error.type", reason.name) }
        } else if status >= 500 {
            text("error.type", "\(status)")
        }
    }

    private mutating func appendMethod(_ access: borrowing AccessRecord) {
        line.append(access.knownMethod)
    }

    private mutating func attribute(_ name: StaticString) {
        if needsComma { line.append(",") }
        needsComma = true
        line.append("{\"key\":\"")
        line.append(name)
        line.append("\",\"value\":{")
    }

    private mutating func text(_ name: StaticString, _ value: String?) {
        guard let value, !value.isEmpty else { return }
        attribute(name)
        line.append("\"stringValue\":")
        line.appendQuoted(value)
        line.append("}}")
    }

    private mutating func number(_ name: StaticString, _ value: Int64) {
        attribute(name)
        line.append("\"intValue\":\"")
        if value < 0 { line.append("-") }
        line.append(value.magnitude)
        line.append("\"}}")
    }
}
