import SallyportModel

/// The families that event loops count in. One set for the process; it outlives generations, so that no counter falls
/// back when a configuration is loaded.
package final class GatewayFamilies: Sendable {
    package let budget: SeriesBudget
    package let requests: MetricFamily<DurationCells>
    package let refusals: MetricFamily<CounterCells>
    package let upstreamRequests: MetricFamily<DurationCells>
    package let handshakes: MetricFamily<CounterCells>
    package let handshakeDurations: MetricFamily<DurationCells>
    package let lag: MetricFamily<DurationCells>

    /// Lines of one histogram: its buckets, its count and its sum.
    private static let histogram = DurationBuckets.count + 2

    package init(budget: SeriesBudget = SeriesBudget()) {
        self.budget = budget
        requests = MetricFamily(budget: budget, weight: Self.histogram)
        refusals = MetricFamily(budget: budget)
        upstreamRequests = MetricFamily(budget: budget, weight: Self.histogram)
        handshakes = MetricFamily(budget: budget)
        handshakeDurations = MetricFamily(budget: budget, weight: Self.histogram)
        lag = MetricFamily(budget: budget, weight: Self.histogram)
    }

    /// A configuration is in service: what it does not name any more is forgotten.
    package func keep(routes: Set<String>, upstreams: Set<String>, listeners: Set<String>) {
        requests.keep(routes)
        refusals.keep(routes)
        upstreamRequests.keep(upstreams)
        handshakes.keep(listeners)
        handshakeDurations.keep(listeners)
    }
}

/// How a request or an attempt ended, as far as labels tell it apart.
package struct RequestOutcome: Sendable {
    package var method: RequestMethod
    /// Zero when there was no response.
    package var status: UInt16
    /// Set where the status is no news, or there is none.
    package var reason: Reason?
    package var isHTTP2: Bool

    package init(method: RequestMethod, status: UInt16, reason: Reason?, isHTTP2: Bool = false) {
        self.method = method
        self.status = status
        self.reason = reason
        self.isHTTP2 = isHTTP2
    }

    /// An error of the one who answers; what is refused to a client is none.
    var errorType: String? {
        guard status >= 500 || status == 0 else { return nil }
        return reason?.name ?? (status == 0 ? "_OTHER" : "\(status)")
    }

    /// Different for outcomes with different labels.
    var key: UInt64 {
        let code = status >= 500 || status == 0 ? UInt64(reason?.code ?? 0) : 0
        return code << 24 | UInt64(status) << 8 | UInt64(method.rawValue) << 1 | (isHTTP2 ? 1 : 0)
    }

    func labels(_ labels: MetricLabels) -> MetricLabels {
        labels.with("error_type", errorType).with("http_request_method", "\(method.word)")
            .with("http_response_status_code", status == 0 ? nil : "\(status)")
    }
}

/// What one loop counts of one route, or of requests without one.
package final class RouteSeries {
    private let route: String?
    private var durations: SeriesCache<DurationCells>
    private var refusals: SeriesCache<CounterCells>

    package init(_ families: GatewayFamilies, route: String?) {
        self.route = route
        durations = SeriesCache(families.requests)
        refusals = SeriesCache(families.refusals)
    }

    /// A request is over.
    ///
    /// - Parameter exemplar: where it is recorded in a trace.
    package func ended(_ outcome: RequestOutcome, nanoseconds: UInt64, exemplar: @autoclosure () -> Exemplar?) {
        let route = route
        let cells = durations.cells(outcome.key) {
            outcome.labels(MetricLabels(group: route)).with("http_route", route)
                .with("network_protocol_version", outcome.isHTTP2 ? "2" : "1.1").with("url_scheme", "https")
        }
        cells.record(nanoseconds: nanoseconds)
        if let exemplar = exemplar() { cells.keep(exemplar) }
        guard let reason = outcome.reason else { return }
        refusals.cells(UInt64(reason.code)) {
            MetricLabels(group: route).with("http_route", route).with("reason", reason.name)
        }.add()
    }
}

/// What one loop counts of one upstream.
package final class UpstreamSeries {
    private let upstream: String
    private var durations: SeriesCache<DurationCells>

    package init(_ families: GatewayFamilies, upstream: String) {
        self.upstream = upstream
        durations = SeriesCache(families.upstreamRequests)
    }

    /// An attempt is over.
    package func ended(_ outcome: RequestOutcome, nanoseconds: UInt64) {
        let upstream = upstream
        durations.cells(outcome.key) { outcome.labels(MetricLabels(group: upstream)).with("upstream", upstream) }
            .record(nanoseconds: nanoseconds)
    }
}

/// What one loop counts of the handshakes of one listener.
package final class ListenerSeries {
    private let listener: String
    private var counts: SeriesCache<CounterCells>
    private var durations: SeriesCache<DurationCells>

    package init(_ families: GatewayFamilies, listener: String) {
        self.listener = listener
        counts = SeriesCache(families.handshakes)
        durations = SeriesCache(families.handshakeDurations)
    }

    /// - Parameter refusal: nil for a handshake that was finished.
    package func ended(refusal: Reason?, nanoseconds: UInt64) {
        let listener = listener
        let result = refusal == nil ? "accepted" : "refused"
        counts.cells(UInt64(refusal?.code ?? 0)) {
            MetricLabels(group: listener).with("listener", listener).with("reason", refusal?.name).with("result", result)
        }.add()
        durations.cells(refusal == nil ? 0 : 1) {
            MetricLabels(group: listener).with("listener", listener).with("result", result)
        }.record(nanoseconds: nanoseconds)
    }
}
