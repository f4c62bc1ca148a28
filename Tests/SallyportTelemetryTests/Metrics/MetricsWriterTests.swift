import Testing

@testable import SallyportTelemetry

@Suite struct MetricsWriterTests {
    private func scrape(_ format: MetricsFormat, _ work: (inout MetricsWriter) -> Void) -> String {
        var writer = MetricsWriter(format)
        work(&writer)
        return String(decoding: writer.finish(), as: UTF8.self)
    }

    @Test func countersAreNamedAsEachFormatWants() {
        let work: (inout MetricsWriter) -> Void = { writer in
            writer.family("things", .counter, "Things.")
            writer.counter(MetricLabels().with("a", "b"), 7)
            writer.family("build", .info, "Version.")
            writer.info(MetricLabels().with("version", "1"))
        }
        #expect(
            scrape(.text, work) == """
                # HELP things_total Things.
                # TYPE things_total counter
                things_total{a="b"} 7
                # HELP build_info Version.
                # TYPE build_info gauge
                build_info{version="1"} 1

                """)
        #expect(
            scrape(.openMetrics, work) == """
                # HELP things Things.
                # TYPE things counter
                things_total{a="b"} 7
                # HELP build Version.
                # TYPE build info
                build_info{version="1"} 1
                # EOF

                """)
    }

    @Test func gaugesMayBeNegative() {
        let text = scrape(.text) { writer in
            writer.family("g", .gauge, "G.")
            writer.gauge(MetricLabels(), -3)
        }
        #expect(text.hasSuffix("g -3\n"))
    }

    @Test func exemplarsStandInOpenMetricsOnly() throws {
        let trace = try #require(TraceID(high: 0xAB, low: 0xCD))
        let span = try #require(SpanID(0xEF))
        let cells = DurationCells()
        cells.record(nanoseconds: 3_000_000)
        cells.keep(Exemplar(trace: trace, span: span, nanoseconds: 3_000_000, time: 1_700_000_000_500_000_000))
        let work: (inout MetricsWriter) -> Void = { writer in
            writer.family("d_seconds", .histogram, unit: "seconds", "D.")
            writer.histogram(MetricLabels(), DurationTotal([cells]))
        }
        let exemplar = #"# {trace_id="00000000000000ab00000000000000cd",span_id="00000000000000ef"} 0.003 1700000000.5"#
        #expect(scrape(.openMetrics, work).contains("d_seconds_bucket{le=\"0.005\"} 1 \(exemplar)\n"))
        #expect(scrape(.openMetrics, work).contains("# UNIT d_seconds seconds\n"))
        #expect(!scrape(.text, work).contains("trace_id"))
    }

    @Test func theNewestExemplarOfAllLoopsWins() throws {
        let span = try #require(SpanID(1))
        let cells = try (1...3).map { index in
            let cells = DurationCells()
            let trace = try #require(TraceID(high: 0, low: UInt64(index)))
            cells.keep(Exemplar(trace: trace, span: span, nanoseconds: 1, time: Int64(index % 3)))
            return cells
        }
        #expect(DurationTotal(cells).exemplars[0]?.trace.low == 2)
    }

    @Test(arguments: [
        (0, "0.0"), (1, "0.000000001"), (1_000_000_000, "1.0"), (1_500_000_000, "1.5"), (123_456_789, "0.123456789"),
    ])
    func secondsAreExact(_ nanoseconds: UInt64, _ text: String) {
        var line = LineBuffer()
        line.appendSeconds(nanoseconds: nanoseconds)
        #expect(String(decoding: line.bytes, as: UTF8.self) == text)
    }
}
