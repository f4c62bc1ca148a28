import SallyportModel

struct MetricsDraft: Sendable {
    var address: Located<SocketAddressText>?
    var series: Int
    var because: Because
    var span: Span
    var path: KeyPath
}

/// `observability.metrics`
enum MetricsSection {
    static let defaultAddress = SocketAddressText(host: "127.0.0.1", port: 9464)
    static let address = DefaultedField(
        "address", .address(), default: defaultAddress,
        "Where /metrics, /healthz and /readyz are answered, in plain HTTP and to everybody.",
        danger: "Beyond loopback everyone on the network reads names of routes, upstreams and certificates; needs `because`.")
    static let series = DefaultedField(
        "series", .integer(1000...100_000), default: 10_000,
        "Lines of one scrape that labels may make; what comes after is counted together.")
    static let because = Because.field("when `address` is not a loopback address")

    static let type = ValueType.record("`metrics`", [address.row, series.row, because.row]) { record in
        MetricsDraft(
            address: record.located(address), series: record[series], because: record.because(because),
            span: record.span, path: record.path)
    }
}

extension ConfigurationCheck {
    mutating func metrics() -> MetricsSettings? {
        guard let metrics = draft.observability?.metrics else { return nil }
        let address = metrics.address?.value ?? MetricsSection.defaultAddress
        accept(
            HostText.isLoopback(address.host) ? nil : "metrics are open to the network at \(address.text)",
            metrics.because, path: metrics.path, at: metrics.address?.span ?? metrics.span,
            fix: "add `because: \"…\"` to `metrics`, or use 127.0.0.1:\(address.port)")
        return MetricsSettings(address: address, series: metrics.series)
    }
}
