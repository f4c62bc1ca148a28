@testable import SallyportTelemetry

/// A trace context that is believed is written as it was read, bounded and harmless; an Accept field always leads to one of
/// the formats, and to OpenMetrics only if it names it.
func fuzzTelemetry(_ bytes: [UInt8]) {
    let lines = bytes.split(separator: 10, omittingEmptySubsequences: false)
    checkContext(lines[0], Array(lines.dropFirst()))
    let accept = String(decoding: bytes, as: UTF8.self)
    if MetricsFormat(accept: [accept]) == .openMetrics {
        require(accept.lowercased().contains("application/openmetrics-text"), "a format that nobody asked for")
    }
    require(MetricsFormat(accept: [accept, accept]) == MetricsFormat(accept: ["\(accept),\(accept)"]), "fields are one list")
}

private func checkContext(_ parent: ArraySlice<UInt8>, _ states: [ArraySlice<UInt8>]) {
    require(TraceContext(traceparents: [parent, parent], tracestates: states) == nil, "two parents")
    guard let context = TraceContext(traceparents: [parent], tracestates: states) else { return }
    require(context.trace.high | context.trace.low != 0 && context.parent.value != 0, "zeros")
    require(context.state.utf8.count <= TraceState.mostBytes, "a long state")
    require(context.state.utf8.allSatisfy { (0x20...0x7E).contains($0) }, "a state that ends a line")
    var written: [UInt8] = []
    TraceContext.write(
        context.trace, context.parent, isSampled: context.isSampled, state: context.state, into: &written)
    let line = written.dropFirst("traceparent: ".utf8.count).prefix(TraceContext.length)
    let state = [Array(context.state.utf8)[...]]
    require(TraceContext(traceparents: [line], tracestates: state) == context, "another context")
}

private func require(_ condition: Bool, _ what: String) {
    if !condition { fatalError(what) }
}
