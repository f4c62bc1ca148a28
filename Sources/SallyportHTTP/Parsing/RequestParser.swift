import SallyportModel

/// What the bytes of a client mean, one step at a time.
package enum RequestEvent: Sendable {
    /// Everything was consumed and more is needed.
    case needMore
    case head(RequestHead)
    /// Content, as offsets in the span that was passed.
    case body(Range<Int>)
    /// The message is complete; the next call begins the next request.
    case end(Trailers?)
    case refused(Reason)
}

/// A strict HTTP/1.1 request parser (RFC 9112) without input or output of its own.
///
///         head ──▶ content ──▶ head ──▶ …
///          └──────────┴──▶ refused, for good
///
/// Pass what has come in, go on with what `consumed` leaves, until `needMore`. What is accepted and refused does not
/// depend on how the bytes are cut, and the work is linear in their number.
package struct RequestParser: ~Copyable {
    private enum Phase {
        case head
        case content(BodyDecoder)
        case refused(Reason)
    }

    private let limits: HTTPLimits
    private var phase = Phase.head
    private var scanner: HeadScanner

    package init(limits: HTTPLimits) {
        self.limits = limits
        scanner = HeadScanner(limits: limits, skipsEmptyLine: true)
    }

    /// Whether a request has begun and its head is not complete. False for a connection that is idle between
    /// requests, and while content is coming in.
    package var isInsideHead: Bool {
        if case .head = phase { !scanner.isEmpty } else { false }
    }

    package mutating func next(_ input: RawSpan) -> (consumed: Int, event: RequestEvent) {
        switch phase {
        case .head: return readHead(input)
        case .content(var decoder):
            let (consumed, step) = decoder.next(input)
            phase = .content(decoder)
            return (consumed, event(of: step, decoder))
        case .refused(let reason): return (0, .refused(reason))
        }
    }

    private mutating func readHead(_ input: RawSpan) -> (consumed: Int, event: RequestEvent) {
        let (consumed, step) = scanner.next(input)
        switch consume step {
        case .needMore: return (consumed, .needMore)
        case .failed(let fault): return (consumed, refuse(fault))
        case .complete(let bytes, let lines): return (consumed, accept(bytes, lines: lines))
        }
    }

    private mutating func accept(_ bytes: consuming [UInt8], lines: Int) -> RequestEvent {
        do throws(Malformation) {
            let head = try RequestHead(bytes, lines: lines, limits: limits)
            phase = .content(
                BodyDecoder(head.framing, limits: limits, maximumContent: UInt64(max(limits.body, 0))))
            return .head(head)
        } catch {
            return refuse(error)
        }
    }

    private mutating func event(of step: ChunkedDecoder.Step, _ decoder: BodyDecoder) -> RequestEvent {
        switch step {
        case .needMore: return .needMore
        case .content(let range): return .body(range)
        case .failed(let fault): return refuse(fault)
        case .end:
            do throws(Malformation) {
                let trailers = try decoder.trailers(.request)
                phase = .head
                scanner = HeadScanner(limits: limits, skipsEmptyLine: true)
                return .end(trailers)
            } catch {
                return refuse(error)
            }
        }
    }

    private mutating func refuse(_ fault: Malformation) -> RequestEvent {
        phase = .refused(fault.requestReason)
        return .refused(fault.requestReason)
    }
}
