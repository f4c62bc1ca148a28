/// Where what the gateway counts can be read, in plain HTTP.
package struct MetricsSettings: Sendable, Hashable {
    package var address: SocketAddressText
    /// Lines of one scrape that labels may make.
    package var series: Int

    package init(address: SocketAddressText, series: Int = 10_000) {
        self.address = address
        self.series = series
    }
}

/// Where traces are sent, and which.
package struct TraceSettings: Sendable, Hashable {
    /// A URL without `/v1/traces`.
    package var endpoint: String
    /// Fields of each request to the collector, names in lower case; their values are secrets.
    package var headers: [Header]
    /// Of the traces that begin here.
    package var sample: Share
    /// Identities that may say which trace a request belongs to, and whether it is recorded.
    package var callers: [String]
    /// `service.name` of the process.
    package var service: String
    /// Authorities that the collector's certificate may come from; empty for those of the operating system.
    package var trust: [String]

    package struct Header: Sendable, Hashable {
        package var name: String
        package var value: SecretReference
    }

    package init(
        endpoint: String, headers: [Header] = [], sample: Share = Share(percent: 10), callers: [String] = [],
        service: String = "sallyport", trust: [String] = []
    ) {
        self.endpoint = endpoint
        self.headers = headers
        self.sample = sample
        self.callers = callers
        self.service = service
        self.trust = trust
    }
}
