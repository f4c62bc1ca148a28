import SallyportModel

extension MetricsWriter {
    /// What the event loops have counted.
    package mutating func append(_ families: GatewayFamilies, active: [ActiveRequests]) {
        family(
            "http_server_request_duration_seconds", .histogram, unit: "seconds",
            "From the head of a request to the end of its response.")
        histograms(families.requests, other: MetricLabels().with("http_route", "_other").with("url_scheme", "https"))
        family("http_server_active_requests", .gauge, "Requests under way.")
        for method in RequestMethod.allCases {
            let labels = MetricLabels().with("http_request_method", "\(method.word)").with("url_scheme", "https")
            gauge(labels, active.reduce(0) { $0 + $1.count(method) })
        }
        family("sallyport_requests_refused", .counter, "Requests that the gateway refused or could not serve, by reason.")
        counters(families.refusals, other: MetricLabels().with("reason", "_other"))
        family(
            "http_client_request_duration_seconds", .histogram, unit: "seconds",
            "From a request handed to a target to the end of its response; each attempt by itself.")
        histograms(families.upstreamRequests, other: MetricLabels().with("upstream", "_other"))
        appendHandshakes(families)
        family(
            "sallyport_event_loop_lag_seconds", .histogram, unit: "seconds",
            "How late a worker comes to what it has to do at a time.")
        histograms(families.lag, other: MetricLabels().with("worker", "_other"))
        family("sallyport_metrics_series", .gauge, "Series that are in use of those that may be.")
        gauge(MetricLabels(), families.budget.inUse)
        family("sallyport_metrics_series_refused", .counter, "Sets of labels that were counted as _other for want of room.")
        counter(MetricLabels(), families.budget.refused)
    }

    private mutating func appendHandshakes(_ families: GatewayFamilies) {
        family("sallyport_tls_handshakes", .counter, "Handshakes by result, and by the reason of a refusal.")
        counters(families.handshakes, other: MetricLabels().with("listener", "_other"))
        family(
            "sallyport_tls_handshake_duration_seconds", .histogram, unit: "seconds",
            "From an accepted connection to the end of its handshake.")
        histograms(families.handshakeDurations, other: MetricLabels().with("listener", "_other"))
    }

    private mutating func histograms(_ family: MetricFamily<DurationCells>, other: MetricLabels) {
        let (sets, rest) = family.all()
        for (labels, cells) in sets { histogram(labels, DurationTotal(cells)) }
        if !rest.isEmpty { histogram(other, DurationTotal(rest)) }
    }

    private mutating func counters(_ family: MetricFamily<CounterCells>, other: MetricLabels) {
        let (sets, rest) = family.all()
        for (labels, cells) in sets { counter(labels, cells.reduce(0) { $0 + $1.value }) }
        if !rest.isEmpty { counter(other, rest.reduce(0) { $0 + $1.value }) }
    }
}
