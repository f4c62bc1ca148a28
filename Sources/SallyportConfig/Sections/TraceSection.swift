import SallyportModel

struct TraceDraft: Sendable {
    var settings: TraceSettings
    var endpoint: Located<String>
    var callers: [Located<String>]
    var trust: [Located<String>]
    var because: Because
    var path: KeyPath
}

/// `observability.otlp`
enum TraceSection {
    private static let defaults = TraceSettings(endpoint: "")
    static let endpoint = Field(
        "endpoint", .collector(), required: true,
        "The collector that traces are sent to, as OTLP over HTTP in JSON; `/v1/traces` is added.")
    static let headers = Field(
        "headers", .named(.secret(examples: ["env:OTLP_TOKEN", "file:secrets/otlp"]), noun: "field"), otherwise: "none",
        "Fields of each request to the collector, by name; their values are secrets, as references.")
    static let sample = DefaultedField(
        "sample", .share(), default: defaults.sample, "How many of the traces that begin here are recorded.")
    static let callers = Field(
        "trustCallers", .list(of: .reference(to: "an identity"), count: 1...256), otherwise: "nobody",
        "Identities whose `traceparent` is followed; for others a trace of its own begins that points to theirs.",
        danger: "Who is trusted decides what is recorded, and can put requests into traces of others.")
    static let service = DefaultedField(
        "service", .text("a name", examples: ["sallyport", "edge-eu"], maximum: 128), default: defaults.service,
        "The name of this gateway in traces (`service.name`).")
    static let trust = Field(
        "trust", .list(of: .reference(to: "an authority")), otherwise: "the authorities of the operating system",
        "Authorities that the collector's certificate may come from.")
    static let because = Because.field("when the collector is on another machine and the URL is without TLS")

    static let type = ValueType.record(
        "`otlp`", [endpoint.row, headers.row, sample.row, callers.row, service.row, trust.row, because.row]
    ) { record -> TraceDraft? in
        let place = record[endpoint]
        var settings = TraceSettings(endpoint: place?.value ?? "")
        settings.headers = (record[headers]?.value ?? []).compactMap { named in
            named.value.map { TraceSettings.Header(name: named.name.lowercased(), value: $0) }
        }
        settings.sample = record[sample]
        settings.service = record[service]
        let (callers, trust) = (record[callers]?.value ?? [], record[trust]?.value ?? [])
        let because = record.because(because)
        return place.map {
            TraceDraft(
                settings: settings, endpoint: $0, callers: callers, trust: trust, because: because, path: record.path)
        }
    }
}

extension ValueType<String> {
    /// The base of OTLP over HTTP.
    fileprivate static func collector() -> ValueType {
        let shape = ScalarShape(
            words: "a URL such as http://127.0.0.1:4318", pattern: "https?://.+",
            examples: ["\"http://127.0.0.1:4318\"", "\"https://collector.internal:4318\""])
        return .scalar(shape, text: \.self) { text throws(ValueError) in
            let url = try DocumentURL.checked(text)
            if url.contains("?") { throw ValueError(message: "the URL has a query", label: "a path at most") }
            return url.hasSuffix("/") ? String(url.dropLast()) : url
        }
    }
}

extension ConfigurationCheck {
    mutating func tracing() -> TraceSettings? {
        guard let trace = draft.observability?.tracing else { return nil }
        var settings = trace.settings
        for header in settings.headers where !Self.isCollectorField(header.name) {
            session.report(
                .malformedValue, "`\(header.name)` cannot be a field for the collector", at: trace.endpoint.span,
                label: "letters, digits and hyphens, and nothing that the gateway says itself", path: trace.path.key("headers"))
        }
        settings.trust = trace.trust.map { authority($0) }
        settings.callers = trace.callers.map { name in
            identityName(name, trustsBuiltin: true)
            return name.value
        }
        accept(
            DocumentURL.isSecretOnTheWay(settings.endpoint) ? nil : "traces travel unencrypted to \(settings.endpoint)",
            trace.because, path: trace.path, at: trace.endpoint.span,
            fix: "write https://, or add `because: \"…\"` to `otlp`")
        return settings
    }

    private static func isCollectorField(_ name: String) -> Bool {
        let own = ["accept-encoding", "connection", "content-length", "content-type", "host", "transfer-encoding"]
        return !own.contains(name) && !name.contains(".") && !name.contains("_")
    }
}

extension DocumentURL {
    /// Nobody between here and there can read along: TLS, or no wire at all.
    fileprivate static func isSecretOnTheWay(_ url: String) -> Bool {
        if url.hasPrefix("https://") { return true }
        let afterScheme = url.firstRange(of: "://")?.upperBound ?? url.endIndex
        let authority = url[afterScheme...].prefix { $0 != "/" }
        do throws(ValueError) {
            return HostText.isLoopback(try UpstreamTarget(parsing: "http://" + authority).host)
        } catch {
            return false
        }
    }
}
