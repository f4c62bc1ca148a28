/// Where a request stands in a trace, as the one who asks says it (W3C Trace Context).
package struct TraceContext: Sendable, Equatable {
    package var trace: TraceID
    /// The span of the one who asks.
    package var parent: SpanID
    package var isSampled: Bool
    /// The members of tracestate, as they came and go on; empty for none.
    package var state: String

    package init(trace: TraceID, parent: SpanID, isSampled: Bool, state: String = "") {
        self.trace = trace
        self.parent = parent
        self.isSampled = isSampled
        self.state = state
    }

    /// Bytes of a traceparent of version 00.
    package static let length = 55

    /// Reads a traceparent (§3.2.2): nil for everything that is not exactly one.
    ///
    /// A version above 00 is read as far as 00 goes, and what follows has to be set off by a hyphen (§4.3).
    package init?(traceparent bytes: some RandomAccessCollection<UInt8>) {
        var reader = HexReader(bytes)
        guard (Self.length...Self.longest).contains(bytes.count), let version = reader.number(digits: 2), version != 0xFF,
            reader.hyphen(), let high = reader.number(digits: 16), let low = reader.number(digits: 16), reader.hyphen(),
            let span = reader.number(digits: 16), reader.hyphen(), let flags = reader.number(digits: 2),
            version == 0 ? reader.isAtEnd : reader.isAtEnd || reader.hyphen(),
            let trace = TraceID(high: high, low: low), let parent = SpanID(span)
        else { return nil }
        self.init(trace: trace, parent: parent, isSampled: flags & 1 != 0)
    }

    /// Later versions may be longer, and nobody needs that much.
    private static let longest = 256

    /// Reads the fields of a request: nil without exactly one good traceparent. A tracestate that is not good as a whole
    /// is as none (§3.3.1.1).
    package init?(traceparents: [ArraySlice<UInt8>], tracestates: [ArraySlice<UInt8>]) {
        guard traceparents.count == 1, let line = traceparents.first else { return nil }
        self.init(traceparent: line)
        state = TraceState.read(tracestates) ?? ""
    }
}

/// Lower-case hexadecimal numbers with hyphens between them.
private struct HexReader<Bytes: RandomAccessCollection<UInt8>> {
    private let bytes: Bytes
    private var index: Bytes.Index

    init(_ bytes: Bytes) {
        self.bytes = bytes
        index = bytes.startIndex
    }

    var isAtEnd: Bool { index == bytes.endIndex }

    mutating func hyphen() -> Bool {
        guard index < bytes.endIndex, bytes[index] == UInt8(ascii: "-") else { return false }
        index = bytes.index(after: index)
        return true
    }

    /// - Parameter digits: 16 at most.
    mutating func number(digits: Int) -> UInt64? {
        var value: UInt64 = 0
        for _ in 0..<digits {
            guard index < bytes.endIndex, let digit = Self.digit(bytes[index]) else { return nil }
            value = value << 4 | digit
            index = bytes.index(after: index)
        }
        return value
    }

    private static func digit(_ byte: UInt8) -> UInt64? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
        default: nil
        }
    }
}

extension TraceContext {
    /// Complete field lines for the next hop, which sees `span` as its parent.
    package static func write(
        _ trace: TraceID, _ span: SpanID, isSampled: Bool, state: String, into output: inout [UInt8]
    ) {
        output.append(contentsOf: "traceparent: 00-".utf8)
        output.append(hex: trace.high)
        output.append(hex: trace.low)
        output.append(UInt8(ascii: "-"))
        output.append(hex: span.value)
        output.append(contentsOf: isSampled ? [0x2D, 0x30, 0x31, 0x0D, 0x0A] : [0x2D, 0x30, 0x30, 0x0D, 0x0A])
        guard !state.isEmpty else { return }
        output.append(contentsOf: "tracestate: ".utf8)
        output.append(contentsOf: state.utf8)
        output.append(contentsOf: [0x0D, 0x0A])
    }
}

extension [UInt8] {
    /// Sixteen lower-case hex digits.
    fileprivate mutating func append(hex number: UInt64) {
        for shift in stride(from: 60, through: 0, by: -4) {
            append(hexDigit(UInt8(truncatingIfNeeded: number >> UInt64(shift)) & 15))
        }
    }
}
