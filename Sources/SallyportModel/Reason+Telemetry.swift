extension Reason {
    package static let collectorAway = Reason(
        9030, "The collector of traces does not take them", origin: .gateway,
        explanation: "The server in `observability.otlp.endpoint` cannot be reached, or says that it is busy. Spans wait for a while in bounded room; then they are lost and counted. No request waits for them.",
        fix: "See that the collector runs and that its URL, port and certificate are right; the gateway tries again by itself.")
    package static let collectorRefuses = Reason(
        9031, "The collector refuses traces", origin: .configuration,
        explanation: "The server in `observability.otlp.endpoint` answered that it will not have the spans, or some of them. They are lost and counted.",
        fix: "The log has its status and words. Check that it speaks OTLP over HTTP with JSON at /v1/traces, and `observability.otlp.headers`.")

    static let telemetryReasons = [collectorAway, collectorRefuses]
}
