import SallyportModel

extension LineBuffer {
    /// Adds the record as one line.
    mutating func append(_ record: borrowing AccessRecord, format: LogFormat) {
        switch format {
        case .json: appendJSON(record)
        case .text: appendText(record)
        }
        endLine()
    }

    private mutating func appendJSON(_ record: borrowing AccessRecord) {
        append("{\"time\":\"")
        append(timestamp: record.time)
        append("\",\"level\":\"info\",\"message\":\"request\",\"http.request.method\":\"")
        appendEscaped(record.head, record.method)
        append("\",\"server.address\":\"")
        appendEscaped(record.host)
        append("\",\"url.path\":\"")
        appendEscaped(record.head, record.path)
        append(record.hasQuery ? "\",\"sallyport.query\":true" : "\",\"sallyport.query\":false")
        appendNumber("http.response.status_code", UInt64(record.status))
        appendOptional("http.route", record.route)
        append(",\"sallyport.decision\":\"")
        append(record.decision)
        append(UInt8(ascii: "\""))
        if let reason = record.reason {
            append(",\"sallyport.reason\":\"SP")
            append(UInt64(reason.code))
            append(UInt8(ascii: "\""))
        }
        append(prepared: record.connection.json)
        appendOptional("sallyport.caller", record.caller)
        appendJSONMeasures(record)
        append("}")
    }

    private mutating func appendJSONMeasures(_ record: borrowing AccessRecord) {
        appendNumber("http.request.body.size", record.requestBytes)
        appendNumber("http.response.body.size", record.responseBytes)
        appendNumber("sallyport.duration_us", UInt64(record.duration))
        if let upstream = record.upstream {
            appendOptional("sallyport.upstream", upstream)
            appendNumber("sallyport.upstream_us", UInt64(record.upstreamDuration))
        }
        append(",\"sallyport.request_id\":\"")
        append(record.id)
        append("\"")
        if let trace = record.trace, let span = record.span {
            append(",\"trace_id\":\"")
            append(trace)
            append("\",\"span_id\":\"")
            append(span)
            append("\"")
        }
        appendNumber("sallyport.generation", UInt64(clamping: record.generation))
    }

    private mutating func appendText(_ record: borrowing AccessRecord) {
        append(timestamp: record.time)
        append(UInt8(ascii: " "))
        append(UInt64(record.status))
        append(UInt8(ascii: " "))
        appendEscaped(record.head, record.method)
        append(UInt8(ascii: " "))
        appendEscaped(record.host)
        appendEscaped(record.head, record.path)
        if record.hasQuery { append("?…") }
        append(prepared: record.connection.text)
        if let caller = record.caller {
            append(" caller=")
            appendWord(caller)
        }
        if let reason = record.reason {
            append(" reason=SP")
            append(UInt64(reason.code))
        }
        append(" route=")
        appendWord(record.route ?? "-")
        append(" upstream=")
        appendWord(record.upstream ?? "-")
        append(" bytes=")
        append(record.responseBytes)
        append(" us=")
        append(UInt64(record.duration))
        append(" id=")
        append(record.id)
        if let trace = record.trace {
            append(" trace=")
            append(trace)
        }
    }

    private mutating func append(_ id: RequestID) {
        append(hex: id.high)
        append(hex: id.low)
    }

    private mutating func appendNumber(_ name: StaticString, _ value: UInt64) {
        appendKey(name)
        append(value)
    }

    private mutating func appendEscaped(_ source: [UInt8], _ range: Range<UInt32>) {
        appendEscaped(source, Int(range.lowerBound)..<Int(range.upperBound))
    }
}
