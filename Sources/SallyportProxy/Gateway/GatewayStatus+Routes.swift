import SallyportTelemetry

extension GatewayStatus {
    /// What one route has answered since the start.
    package struct RouteLoad: Sendable, Encodable {
        /// Empty for requests that no route was found for.
        package var name: String
        package var requests: Int
        /// Answered with a status of 400 to 499.
        package var clientErrors: Int
        /// Answered with a status of 500 and more, or not at all.
        package var serverErrors: Int
        /// By the buckets of the histogram in /metrics, not cumulative.
        package var durations: [Int]
    }
}

extension Gateway {
    /// With what only people and programs that watch want to know.
    package func statusWithLoad() -> GatewayStatus {
        var status = status()
        status.requestRates = telemetry.rates.seconds
        status.routes = telemetry.routes
        return status
    }
}

extension GatewayTelemetry {
    /// The busiest first.
    var routes: [GatewayStatus.RouteLoad] {
        let (sets, other) = families.requests.all()
        var loads: [String: GatewayStatus.RouteLoad] = [:]
        for (labels, cells) in sets {
            let name = labels.group ?? ""
            loads[name, default: Self.load(name)].add(DurationTotal(cells), status: Self.status(in: labels))
        }
        if !other.isEmpty { loads["_other", default: Self.load("_other")].add(DurationTotal(other), status: 200) }
        return loads.values.sorted { ($1.requests, $0.name) < ($0.requests, $1.name) }
    }

    /// Zero for a request without a response.
    private static func status(in labels: MetricLabels) -> UInt16 {
        guard let label = labels.text.firstRange(of: "http_response_status_code=\"") else { return 0 }
        return UInt16(labels.text[label.upperBound...].prefix(3)) ?? 0
    }

    private static func load(_ name: String) -> GatewayStatus.RouteLoad {
        .init(
            name: name, requests: 0, clientErrors: 0, serverErrors: 0,
            durations: [Int](repeating: 0, count: DurationBuckets.count))
    }
}

extension GatewayStatus.RouteLoad {
    fileprivate mutating func add(_ total: DurationTotal, status: UInt16) {
        let count = Int(clamping: total.count)
        requests += count
        if (400..<500).contains(status) { clientErrors += count }
        if status >= 500 || status == 0 { serverErrors += count }
        for index in durations.indices { durations[index] += Int(clamping: total.counts[index]) }
    }
}
