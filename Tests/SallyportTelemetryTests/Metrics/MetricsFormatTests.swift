import Testing

@testable import SallyportTelemetry

@Suite struct MetricsFormatTests {
    @Test(arguments: [
        "", "*/*", "text/html", "text/plain", "application/json;q=1", "application/openmetrics-text;q=0",
        "application/openmetrics-text; version=2.0.0", "text/plain;version=0.0.4, application/openmetrics-text;q=0.5",
        "application/openmetrics-text;q=1.5", "application/openmetrics-text;q=abc", "application/openmetrics-text;q",
        ";;;", ",,,,", "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
    ])
    func whoDoesNotAskForOpenMetricsGetsText(_ accept: String) {
        #expect(MetricsFormat(accept: [accept]) == .text)
    }

    @Test(arguments: [
        "application/openmetrics-text", "application/openmetrics-text; version=1.0.0",
        "Application/OpenMetrics-Text; Version=\"1.0.0\"",
        "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;"
            + "version=0.0.4;q=0.5,*/*;q=0.1",
        "text/plain;q=0.3, application/openmetrics-text;version=1.0.0;escaping=underscores;q=0.4",
    ])
    func whoLikesItBestGetsOpenMetrics(_ accept: String) {
        #expect(MetricsFormat(accept: [accept]) == .openMetrics)
    }

    @Test func severalFieldsAreOne() {
        #expect(MetricsFormat(accept: ["text/plain;q=0.1", "application/openmetrics-text"]) == .openMetrics)
    }

    @Test func longFieldsAreReadInPart() {
        let flood = String(repeating: "a/b,", count: 100_000) + "application/openmetrics-text"
        #expect(MetricsFormat(accept: [flood]) == .text)
    }
}
