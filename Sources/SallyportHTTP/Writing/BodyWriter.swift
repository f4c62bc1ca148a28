/// Frames content, and holds the writer to what the head promised.
package struct BodyWriter: Sendable {
    private enum State {
        case counted(remaining: UInt64)
        case chunked
        case untilClose
    }

    private var state: State
    private var isInsideChunk = false

    package init(_ framing: BodyFraming) {
        state =
            switch framing {
            case .none: .counted(remaining: 0)
            case .length(let length): .counted(remaining: length)
            case .chunked: .chunked
            case .untilClose: .untilClose
            }
    }

    /// Writes what stands in front of `count` bytes of content. False: more than promised, and nothing was written.
    package mutating func prefix(forChunkOf count: Int, into out: inout [UInt8]) -> Bool {
        switch state {
        case .untilClose: return true
        case .counted(let remaining):
            guard let count = UInt64(exactly: count), count <= remaining else { return false }
            state = .counted(remaining: remaining - count)
        case .chunked:
            guard let count = UInt64(exactly: count) else { return false }
            // A chunk of no bytes would end the content.
            isInsideChunk = count > 0
            guard isInsideChunk else { return true }
            out.append(hex: count)
            out.append("\r\n")
        }
        return true
    }

    /// Writes what stands behind the content of the last `prefix`.
    package mutating func suffix(into out: inout [UInt8]) {
        if isInsideChunk { out.append("\r\n") }
        isInsideChunk = false
    }

    /// Writes what ends the content, and trailers where the framing has a place for them. False: fewer bytes than promised, so the connection has to be cut.
    package mutating func finish(_ trailers: Trailers? = nil, into out: inout [UInt8]) -> Bool {
        switch state {
        case .counted(let remaining): return remaining == 0
        case .untilClose: return true
        case .chunked:
            guard !isInsideChunk else { return false }
            out.append("0\r\n")
            if let trailers { writeForwardedFields(trailers.fields, of: trailers.bytes, into: &out) }
            out.append("\r\n")
            state = .counted(remaining: 0)
            return true
        }
    }
}
