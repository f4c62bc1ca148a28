import SallyportModel
import Testing

@testable import SallyportTelemetry

@Suite struct MetricFamilyTests {
    private func outcome(_ status: UInt16 = 200, _ method: RequestMethod = .get) -> RequestOutcome {
        RequestOutcome(method: method, status: status, reason: nil)
    }

    private func scrape(_ families: GatewayFamilies, _ format: MetricsFormat = .text) -> String {
        var writer = MetricsWriter(format)
        writer.append(families, active: [])
        return String(decoding: writer.finish(), as: UTF8.self)
    }

    @Test func loopsAreSummedUp() {
        let families = GatewayFamilies()
        for loop in 0..<3 {
            let metrics = LoopMetrics(families, loop: loop, active: ActiveRequests())
            let route = metrics.adopt(routes: ["orders"], upstreams: [], listeners: [])[0]
            for _ in 0..<5 { route.ended(outcome(), nanoseconds: 2_000_000, exemplar: nil) }
        }
        let labels = #"http_request_method="GET",http_response_status_code="200",http_route="orders","#
            + #"network_protocol_version="1.1",url_scheme="https""#
        let text = scrape(families)
        #expect(text.contains("http_server_request_duration_seconds_count{\(labels)} 15\n"))
        #expect(text.contains("http_server_request_duration_seconds_sum{\(labels)} 0.03\n"))
        #expect(text.contains("http_server_request_duration_seconds_bucket{\(labels),le=\"0.001\"} 0\n"))
        #expect(text.contains("http_server_request_duration_seconds_bucket{\(labels),le=\"0.0025\"} 15\n"))
        #expect(text.contains("http_server_request_duration_seconds_bucket{\(labels),le=\"+Inf\"} 15\n"))
    }

    @Test func whoChoosesMethodAndStatusFindsAnEnd() {
        let families = GatewayFamilies(budget: SeriesBudget(limit: 100_000))
        let route = RouteSeries(families, route: "orders")
        for status in UInt16(200)..<400 { route.ended(outcome(status), nanoseconds: 1, exemplar: nil) }
        let (sets, other) = families.requests.all()
        #expect(sets.count == SeriesCache<DurationCells>.mostKeys)
        #expect(other.count == 1)
        #expect(DurationTotal(other).count == 200 - UInt64(SeriesCache<DurationCells>.mostKeys))
    }

    @Test func theBudgetHoldsAndNothingIsLost() {
        let families = GatewayFamilies(budget: SeriesBudget(limit: 160))
        for name in 0..<100 {
            RouteSeries(families, route: "route\(name)").ended(outcome(), nanoseconds: 1, exemplar: nil)
        }
        let (sets, other) = families.requests.all()
        #expect(sets.count == 10)
        #expect(families.budget.inUse == 160)
        #expect(families.budget.refused == 90)
        #expect(DurationTotal(other).count == 90)
        #expect(scrape(families).contains(#"http_server_request_duration_seconds_count{http_route="_other",url_scheme="https"} 90"#))
    }

    @Test func whatAConfigurationDropsGivesItsRoomBack() {
        let families = GatewayFamilies()
        let metrics = LoopMetrics(families, loop: 0, active: ActiveRequests())
        let before = families.budget.inUse
        let routes = metrics.adopt(routes: ["a", "b"], upstreams: [], listeners: [])
        for route in routes { route.ended(outcome(), nanoseconds: 1, exemplar: nil) }
        #expect(families.budget.inUse == before + 32)
        families.keep(routes: ["b"], upstreams: [], listeners: [])
        #expect(families.budget.inUse == before + 16)
        #expect(families.requests.all().sets.map(\.labels.group) == ["b"])
        let again = metrics.adopt(routes: ["b"], upstreams: [], listeners: [])
        #expect(again[0] === routes[1])
    }

    @Test func requestsWithoutARouteStay() {
        let families = GatewayFamilies()
        RouteSeries(families, route: nil).ended(outcome(404), nanoseconds: 1, exemplar: nil)
        families.keep(routes: [], upstreams: [], listeners: [])
        #expect(families.requests.all().sets.count == 1)
    }

    @Test func refusalsAreToldApartAndErrorsNamed() {
        let families = GatewayFamilies()
        let route = RouteSeries(families, route: "r")
        route.ended(
            RequestOutcome(method: .post, status: 403, reason: .identityNotAllowed), nanoseconds: 1, exemplar: nil)
        route.ended(
            RequestOutcome(method: .post, status: 502, reason: .upstreamUnreachable), nanoseconds: 1, exemplar: nil)
        route.ended(RequestOutcome(method: .post, status: 503, reason: nil), nanoseconds: 1, exemplar: nil)
        let text = scrape(families)
        let name = "sallyport_requests_refused_total"
        #expect(text.contains(#"\#(name){http_route="r",reason="\#(Reason.identityNotAllowed.name)"} 1"#))
        #expect(text.contains(#"error_type="\#(Reason.upstreamUnreachable.name)",http_request_method="POST""#))
        #expect(text.contains(#"error_type="503",http_request_method="POST""#))
        #expect(!text.contains(#"error_type="\#(Reason.identityNotAllowed.name)""#))
    }

    @Test func labelsAreEscapedAndCut() {
        let labels = MetricLabels().with("a", "x\"y\\z\nw").with("b", nil).with("c", "")
        #expect(labels.text == #"a="x\"y\\z\nw""#)
        #expect(MetricLabels().with("a", String(repeating: "ü", count: 4000)).text.utf8.count < 300)
    }

    @Test func bucketsHoldTheirBound() {
        #expect(DurationBuckets.bounds.count == DurationBuckets.count - 1)
        #expect(DurationBuckets.words.count == DurationBuckets.count)
        #expect(DurationBuckets.bounds == DurationBuckets.bounds.sorted())
        for (index, bound) in DurationBuckets.bounds.enumerated() {
            #expect(DurationBuckets.index(of: bound) == index)
            #expect(DurationBuckets.index(of: bound + 1) == index + 1)
            #expect(Double(DurationBuckets.words[index]) == Double(bound) / 1e9)
        }
        #expect(DurationBuckets.index(of: .max) == DurationBuckets.count - 1)
    }

    @Test func quantilesLieWithinTheirBucket() {
        var counts = [UInt64](repeating: 0, count: DurationBuckets.count)
        #expect(DurationBuckets.quantile(0.5, of: counts) == nil)
        counts[3] = 100
        #expect(DurationBuckets.quantile(0.5, of: counts) == 3_750_000)
        counts[DurationBuckets.count - 1] = 300
        #expect(DurationBuckets.quantile(0.99, of: counts) == DurationBuckets.bounds.last)
    }
}
