extension EffectiveConfiguration {
    static func metrics(_ metrics: MetricsSettings) -> JSONValue {
        .members(["address": .string(metrics.address.text), "series": .integer(metrics.series)])
    }

    static func tracing(_ tracing: TraceSettings) -> JSONValue {
        .members([
            "endpoint": .string(tracing.endpoint),
            "headers": .object(tracing.headers.map { .init($0.name, .string($0.value.text)) }),
            "sample": .string(tracing.sample.text), "trustCallers": .strings(tracing.callers),
            "service": .string(tracing.service), "trust": .strings(tracing.trust),
        ])
    }
}
