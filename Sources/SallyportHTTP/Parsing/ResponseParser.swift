import SallyportModel

/// What the bytes of an upstream mean, one step at a time.
package enum ResponseEvent: Sendable {
    /// Everything was consumed and more is needed.
    case needMore
    /// An interim head (1xx) is followed by another head; every other by content and `end`.
    case head(ResponseHead)
    /// Content, as offsets in the span that was passed.
    case body(Range<Int>)
    /// The message is complete. Whether the connection is of further use says `keepAlive` of its head.
    case end(Trailers?)
    case refused(Reason)
}

/// A strict HTTP/1.1 response parser (RFC 9112) without input or output of its own.
///
///         idle ──expect──▶ head ──▶ content ──▶ idle …
///          │                │ ▲ └1xx┘  │
///          └────────────────┴──────────┴──▶ refused, for good
///
/// Bytes in `idle` answer no request and are refused: they are the beginning of response queue poisoning.
package struct ResponseParser: ~Copyable {
    private enum Phase {
        case idle
        case head
        case content(BodyDecoder)
        /// The connection ended together with the content.
        case closed
        case refused(Reason)
    }

    /// Interim responses before the final one; more have no honest use.
    private static let maximumInterim = 16

    private let limits: HTTPLimits
    private var phase = Phase.idle
    private var scanner: HeadScanner
    private var method = Method.get
    private var tunnel: TunnelProtocol?
    private var interim = 0

    package init(limits: HTTPLimits) {
        self.limits = limits
        scanner = HeadScanner(limits: limits, skipsEmptyLine: false)
    }

    /// Says which request the next response answers: HEAD decides about framing. Until it is called, every byte is
    /// a response nobody asked for, and refused. One response at a time: during one it refuses the rest.
    /// - Parameter tunnel: what the request asks to speak instead of HTTP. After 101 everything is content.
    package mutating func expect(_ method: Method, tunnel: TunnelProtocol? = nil) {
        guard case .idle = phase else {
            if case .refused = phase { return }
            phase = .refused(.upstreamMalformed)
            return
        }
        self.method = method
        self.tunnel = tunnel
        interim = 0
        scanner = HeadScanner(limits: limits, skipsEmptyLine: false)
        phase = .head
    }

    package mutating func next(_ input: RawSpan) -> (consumed: Int, event: ResponseEvent) {
        switch phase {
        case .idle: return input.byteCount == 0 ? (0, .needMore) : (0, refuse(.statusLine))
        case .head: return readHead(input)
        case .content(var decoder):
            let (consumed, step) = decoder.next(input)
            phase = .content(decoder)
            return (consumed, event(of: step, decoder))
        case .closed: return input.byteCount == 0 ? (0, .end(nil)) : (0, refuse(.statusLine))
        case .refused(let reason): return (0, .refused(reason))
        }
    }

    /// What the end of the connection means: `end` when it ends the content or nothing was under way, else
    /// `refused` (truncated).
    package mutating func inputClosed() -> ResponseEvent {
        switch phase {
        case .idle, .closed: return .end(nil)
        case .refused(let reason): return .refused(reason)
        case .content(let decoder) where decoder.endsWithConnection:
            phase = .closed
            return .end(nil)
        case .head, .content:
            phase = .refused(.upstreamTruncated)
            return .refused(.upstreamTruncated)
        }
    }

    private mutating func readHead(_ input: RawSpan) -> (consumed: Int, event: ResponseEvent) {
        let (consumed, step) = scanner.next(input)
        switch step {
        case .needMore: return (consumed, .needMore)
        case .failed(let fault): return (consumed, refuse(fault))
        case .complete(let bytes, let lines): return (consumed, accept(bytes, lines: lines))
        }
    }

    private mutating func accept(_ bytes: consuming [UInt8], lines: Int) -> ResponseEvent {
        do throws(Malformation) {
            let head = try ResponseHead(bytes, lines: lines, answering: method, tunnel: tunnel)
            if head.isInterim {
                interim += 1
                guard interim <= Self.maximumInterim else { return refuse(.statusLine) }
                scanner = HeadScanner(limits: limits, skipsEmptyLine: false)
            } else {
                phase = .content(BodyDecoder(head.opensTunnel ? .untilClose : head.framing, limits: limits, maximumContent: .max))
            }
            return .head(head)
        } catch {
            return refuse(error)
        }
    }

    private mutating func event(of step: ChunkedDecoder.Step, _ decoder: BodyDecoder) -> ResponseEvent {
        switch step {
        case .needMore: return .needMore
        case .content(let range): return .body(range)
        case .failed(let fault): return refuse(fault)
        case .end:
            do throws(Malformation) {
                let trailers = try decoder.trailers(.response)
                phase = .idle
                return .end(trailers)
            } catch {
                return refuse(error)
            }
        }
    }

    private mutating func refuse(_ fault: Malformation) -> ResponseEvent {
        phase = .refused(fault.upstreamReason)
        return .refused(fault.upstreamReason)
    }
}
