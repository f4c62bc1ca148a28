/// Names one trace: 128 bits, not all zero (W3C Trace Context, Level 2, §3.2.2.3).
package struct TraceID: Sendable, Hashable {
    package let high: UInt64
    package let low: UInt64

    /// Nil for all zeros, which means none.
    package init?(high: UInt64, low: UInt64) {
        guard high | low != 0 else { return nil }
        self.high = high
        self.low = low
    }

    /// A request begins a trace of its own: they bear the same name, and whoever has one finds the other.
    package init(_ id: RequestID) {
        high = id.high
        // All zeros is no name.
        low = id.high | id.low == 0 ? 1 : id.low
    }
}

/// Names one span: 64 bits, not all zero (§3.2.2.4).
package struct SpanID: Sendable, Hashable {
    package let value: UInt64

    package init?(_ value: UInt64) {
        guard value != 0 else { return nil }
        self.value = value
    }

    private init(nonzero value: UInt64) { self.value = value }

    package static func random(using generator: inout some RandomNumberGenerator) -> SpanID {
        SpanID(nonzero: generator.next() | 1 << 63)
    }
}

extension LineBuffer {
    mutating func append(_ trace: TraceID) {
        append(hex: trace.high)
        append(hex: trace.low)
    }

    mutating func append(_ span: SpanID) { append(hex: span.value) }
}
