import Glibc
@testable import SallyportModel
@testable import SallyportTelemetry

/// What counting costs a request, and what a scrape of 10,000 series costs, on one thread.
///
///     swift run -c release -Xswiftc -enable-testing ObservabilityCost
///
/// Ends with 1 when counting takes more than half a microsecond or the scrape more than 20 ms.
@main
enum ObservabilityCost {
    static let requests = 2_000_000
    static let routes = 640

    static func main() {
        let families = GatewayFamilies(budget: SeriesBudget(limit: 100_000))
        let active = ActiveRequests()
        let metrics = LoopMetrics(families, loop: 0, active: active)
        let names = (0..<routes).map { "route\($0)" }
        let series = metrics.adopt(routes: names, upstreams: [], listeners: [])
        let upstream = metrics.upstream(named: "orders")
        count(series, upstream, active, requests: routes * 4)
        let before = nanoseconds()
        count(series, upstream, active, requests: requests)
        let each = Double(nanoseconds() - before) / Double(requests)
        let (scrape, lines) = scrape(families, active)
        print("counting a request, ns: \(Int(each.rounded()))")
        print("a scrape of \(lines) series, ms: \(scrape)")
        exit(each <= 500 && scrape <= 20 && lines >= 10_000 ? 0 : 1)
    }

    /// As at the end of a request that one upstream was asked for; every tenth is another status.
    static func count(
        _ series: [RouteSeries], _ upstream: UpstreamSeries, _ active: ActiveRequests, requests: Int
    ) {
        for number in 0..<requests {
            active.began(.get)
            let status: UInt16 = number % 10 == 0 ? 404 : 200
            let outcome = RequestOutcome(method: .get, status: status, reason: nil)
            let duration = UInt64(number % 5000) * 1000
            upstream.ended(outcome, nanoseconds: duration)
            series[number % series.count].ended(outcome, nanoseconds: duration, exemplar: nil)
            active.ended(.get)
        }
    }

    /// The median of several, milliseconds.
    static func scrape(_ families: GatewayFamilies, _ active: ActiveRequests) -> (Double, Int) {
        var times: [UInt64] = []
        var lines = 0
        for _ in 0..<21 {
            let before = nanoseconds()
            var writer = MetricsWriter(.openMetrics)
            writer.append(families, active: [active])
            lines = writer.samples
            let bytes = writer.finish()
            times.append(nanoseconds() - before)
            precondition(bytes.count > lines * 10)
        }
        return (Double(times.sorted()[times.count / 2] / 10_000) / 100, lines)
    }

    static func nanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
