/// Finds content and its end by the framing of a message.
struct BodyDecoder: Sendable {
    private enum State {
        case counted(UInt64)
        case chunked(ChunkedDecoder)
        case untilClose
    }

    private var state: State

    /// - Parameter maximumContent: bound on the sum of chunks, bytes.
    init(_ framing: BodyFraming, limits: HTTPLimits, maximumContent: UInt64) {
        state =
            switch framing {
            case .none: .counted(0)
            case .length(let length): .counted(length)
            case .chunked: .chunked(ChunkedDecoder(limits: limits, maximumContent: maximumContent))
            case .untilClose: .untilClose
            }
    }

    /// Whether the end of the connection is the end of the content.
    var endsWithConnection: Bool {
        if case .untilClose = state { true } else { false }
    }

    /// What stood behind the content. After the end.
    func trailers(_ direction: FieldSection.Direction) throws(Malformation) -> Trailers? {
        if case .chunked(let decoder) = state { try decoder.trailers(direction) } else { nil }
    }

    mutating func next(_ input: RawSpan) -> (consumed: Int, step: ChunkedDecoder.Step) {
        switch state {
        case .counted(0): return (0, .end)
        case .counted(let remaining):
            let count = min(remaining, UInt64(input.byteCount))
            state = .counted(remaining - count)
            return count == 0 ? (0, .needMore) : (Int(count), .content(0..<Int(count)))
        case .untilClose:
            let count = input.byteCount
            return (count, count == 0 ? .needMore : .content(0..<count))
        case .chunked(var decoder):
            let result = decoder.next(input)
            state = .chunked(decoder)
            return result
        }
    }
}
