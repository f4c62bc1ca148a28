import SallyportModel

/// What one frame of a response stream means.
package enum HTTP2ResponseEvent: Sendable {
    /// Interim (1xx): another head follows.
    case interim(ResponseHead)
    case head(ResponseHead, isWhole: Bool)
    /// Content goes on; the message is whole if this was the end of the stream.
    case content(isWhole: Bool)
    /// Field lines behind the content; nil when there are none. The message is whole.
    case trailers(Trailers?)
    /// An error of this stream, not of the connection (RFC 9113 §8.1.1).
    case refused(Reason)
}

/// The response on one HTTP/2 stream, without frames or sockets of its own (RFC 9113 §8.1).
///
///         head ──▶ content ──▶ whole
///         │ ▲└1xx┘   │           │
///         └──────────┴───────────┴──▶ refused, for good
///
/// It counts content against Content-Length, and takes fields after content for trailers only at the end of the stream.
package struct HTTP2ResponseReader {
    private enum Phase {
        case head
        /// Bytes that are still to come; nil when nobody said how many.
        case content(remaining: UInt64?)
        case whole
        case refused(Reason)
    }

    /// Interim responses before the final one; more have no honest use.
    private static let maximumInterim = 16

    private let method: Method
    private let accept: [UInt8]?
    private var phase = Phase.head
    private var interim = 0
    private var isTunnel = false

    /// - Parameter accept: of a request for a WebSocket, what Sec-WebSocket-Accept has to say. A successful response then
    ///   opens the tunnel (RFC 8441 §5), and its head is the one that HTTP/1.1 would have had: 101 with this field.
    package init(answering method: Method, accept: [UInt8]? = nil) {
        self.method = method
        self.accept = accept
    }

    package var isWhole: Bool { if case .whole = phase { true } else { false } }
    /// The head of the final response is there.
    package var hasBegun: Bool {
        switch phase {
        case .content, .whole: true
        case .head, .refused: false
        }
    }

    package mutating func headers(_ fields: HTTP2ResponseFields, endsStream: Bool) -> HTTP2ResponseEvent {
        do throws(Malformation) {
            switch phase {
            case .head: return try readHead(fields, endsStream: endsStream)
            case .content(let remaining):
                // After CONNECT nothing but DATA carries anything (RFC 9113 §8.5).
                guard endsStream, remaining ?? 0 == 0, !isTunnel else { throw .trailer }
                let trailers = try fields.trailers()
                phase = .whole
                return .trailers(trailers)
            case .whole: throw .trailer
            case .refused(let reason): return .refused(reason)
            }
        } catch {
            return refuse(error.upstreamReason)
        }
    }

    private mutating func readHead(
        _ fields: HTTP2ResponseFields, endsStream: Bool
    ) throws(Malformation) -> HTTP2ResponseEvent {
        let head = try fields.head(answering: method, accept: accept, endsStream: endsStream)
        if head.isInterim {
            interim += 1
            guard interim <= Self.maximumInterim else { throw .statusLine }
            return .interim(head)
        }
        isTunnel = head.opensTunnel
        switch head.framing {
        case .none where isTunnel: phase = .content(remaining: nil)
        case .none: phase = .content(remaining: 0)
        case .length(let length): phase = .content(remaining: length)
        case .chunked, .untilClose: phase = .content(remaining: nil)
        }
        if endsStream { phase = .whole }
        return .head(head, isWhole: endsStream)
    }

    /// - Parameter count: bytes of content in the frame, without padding.
    package mutating func data(_ count: Int, endsStream: Bool) -> HTTP2ResponseEvent {
        switch phase {
        case .head, .whole: return refuse(.upstreamMalformed)
        case .refused(let reason): return .refused(reason)
        case .content(let remaining):
            guard let left = Self.subtract(count, from: remaining) else { return refuse(.upstreamMalformed) }
            if endsStream, left ?? 0 > 0 { return refuse(.upstreamTruncated) }
            phase = endsStream ? .whole : .content(remaining: left)
            return .content(isWhole: endsStream)
        }
    }

    /// Nil: more came than was announced.
    private static func subtract(_ count: Int, from remaining: UInt64?) -> UInt64?? {
        guard let remaining else { return .some(nil) }
        guard let count = UInt64(exactly: count), count <= remaining else { return nil }
        return .some(remaining - count)
    }

    private mutating func refuse(_ reason: Reason) -> HTTP2ResponseEvent {
        phase = .refused(reason)
        return .refused(reason)
    }
}
