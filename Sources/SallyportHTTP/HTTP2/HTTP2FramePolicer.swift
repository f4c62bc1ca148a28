import SallyportModel

/// Looks at the headers of the frames that a peer sends, before anything keeps or decodes them, and counts what costs
/// work and carries nothing (RFC 9113 §10.5).
///
/// ```
///  preface ──24 bytes──▶ header ──9 bytes──▶ payload ──length──▶ header …
///     │ other bytes         │ too long, too many
///     ▼                     ▼
///   refused ◀───────────────┘   for good
/// ```
/// It decides and counts, and neither holds bytes nor reads a clock. What is refused does not depend on how the bytes are
/// cut, but for `Limits.requestsPerTurn`, which is about turns.
package struct HTTP2FramePolicer: Sendable {
    package enum Verdict: Sendable, Equatable {
        case pass
        /// Enough requests for one turn of the event loop: what is left of the input comes in the next.
        case pause
        case refuse(HTTP2Refusal)
    }

    private enum Phase {
        case preface(matched: Int)
        /// Bytes of a frame header that have come.
        case header(count: Int)
        case payload(left: Int)
        case refused(HTTP2Refusal)
    }

    private let limits: Limits
    private var phase: Phase
    /// The frame header as far as it has come, first byte highest.
    private var header: (high: UInt64, low: UInt8) = (0, 0)
    private var counters: HTTP2FrameCounters
    private var requestsInTurn = 0
    /// A HEADERS frame without END_HEADERS has come, and its end has not.
    package private(set) var isInsideHeaderBlock = false
    /// Sum of the lengths of DATA frames: what flow control counts.
    package private(set) var dataReceived: UInt64 = 0

    /// - Parameters:
    ///   - expectsPreface: true on the server's side.
    ///   - now: nanoseconds of any steady clock.
    package init(limits: Limits = Limits(), expectsPreface: Bool = true, now: UInt64) {
        self.limits = limits
        phase = expectsPreface ? .preface(matched: 0) : .header(count: 0)
        counters = HTTP2FrameCounters(limits: limits, now: now)
    }

    /// Counts frames.
    private var frames: UInt64 = 0
    /// The first frame of the header block that is under way.
    private var blockStart: UInt64 = 0

    /// A number for the frame or header block that has begun and is not over, DATA aside; the same as long as it is the
    /// same one.
    package var unfinished: UInt64? {
        if isInsideHeaderBlock { return blockStart }
        switch phase {
        case .preface, .refused: return nil
        case .header(let count): return count > 0 ? frames + 1 : nil
        case .payload: return counters.current == .data ? nil : frames
        }
    }

    /// A turn of the event loop begins.
    package mutating func turn() { requestsInTurn = 0 }

    /// Streams that the peer has ended and we have not.
    private var ended: Set<UInt32> = []
    /// Whoever looks at streams that are long over gets no new answer.
    private static let mostEnded = 1024

    /// A stream is over on both sides.
    package mutating func streamIsOver(_ stream: UInt32) { ended.remove(stream) }

    /// DATA that we sent explains frames of the peer's: it acknowledges, measures and opens windows.
    package mutating func sentData(bytes: Int) { counters.sentData(bytes: bytes) }

    /// Looks at what has come.
    /// - Returns: how much of it can be handed on.
    package mutating func inspect(_ input: RawSpan, now: UInt64) -> (passed: Int, verdict: Verdict) {
        var offset = 0
        while offset < input.byteCount {
            let start = offset
            switch phase {
            case .refused(let refusal): return (offset, .refuse(refusal))
            case .preface(let matched): readPreface(input.byte(offset), matched)
            case .payload(let left):
                let count = min(left, input.byteCount - offset)
                phase = left == count ? .header(count: 0) : .payload(left: left - count)
                offset += count - 1
            case .header(let count):
                header = (header.high << 8 | UInt64(header.low), input.byte(offset))
                guard count == 8 else {
                    phase = .header(count: count + 1)
                    break
                }
                guard begin(HTTP2FrameHeader(header.high, header.low), now: now) else {
                    phase = .header(count: 8)
                    header = (header.high >> 8, UInt8(truncatingIfNeeded: header.high))
                    return (start, .pause)
                }
            }
            offset += 1
            if case .refused(let refusal) = phase { return (start, .refuse(refusal)) }
        }
        return (offset, .pass)
    }

    private static let preface: StaticString = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

    private mutating func readPreface(_ byte: UInt8, _ matched: Int) {
        let expected = Self.preface.withUTF8Buffer { $0[matched] }
        if byte != expected {
            phase = .refused(HTTP2Refusal(.http2ProtocolError, .protocolError, "the connection preface is not that of HTTP/2"))
        } else {
            phase = matched == 23 ? .header(count: 0) : .preface(matched: matched + 1)
        }
    }

    /// False when the frame has to wait for the next turn.
    private mutating func begin(_ frame: HTTP2FrameHeader, now: UInt64) -> Bool {
        if frame.kind == .headers {
            guard requestsInTurn < limits.requestsPerTurn else { return false }
            requestsInTurn += 1
        }
        header = (0, 0)
        frames &+= 1
        if frame.kind == .headers { blockStart = frames }
        phase = frame.length == 0 ? .header(count: 0) : .payload(left: frame.length)
        if frame.length > limits.frameSize {
            phase = .refused(HTTP2Refusal(.http2ProtocolError, .frameSizeError, "a frame is longer than 16 KiB"))
        } else if let detail = counters.excess(of: frame, now: now) {
            phase = .refused(HTTP2Refusal(.http2Flood, .enhanceYourCalm, detail))
        }
        noteEnd(frame)
        if frame.kind == .data { dataReceived &+= UInt64(frame.length) }
        if frame.kind == .headers || frame.kind == .continuation { isInsideHeaderBlock = !frame.endsHeaders }
        return true
    }

    /// A second header block, or DATA, behind the end of a request (RFC 9113 §5.1, half-closed). The library would call
    /// the former by another name.
    private mutating func noteEnd(_ frame: HTTP2FrameHeader) {
        guard frame.kind == .headers || frame.kind == .data else { return }
        if frame.kind == .headers, ended.contains(frame.stream) {
            phase = .refused(HTTP2Refusal(.http2ProtocolError, .streamClosed, "a header block behind the end of a request"))
        }
        guard frame.endsStream else { return }
        if ended.count >= Self.mostEnded { ended.removeAll(keepingCapacity: true) }
        ended.insert(frame.stream)
    }
}

extension HTTP2FramePolicer {
    /// What is allowed before the traffic itself has to explain it.
    package struct Limits: Sendable {
        /// Payload of one frame, bytes.
        package var frameSize = 16 << 10
        /// Requests that begin in one turn of the event loop.
        package var requestsPerTurn = 16
        /// PING, both ways of it: this many, as many a second, and two for each DATA frame of either side.
        package var pings = HTTP2FrameBudget.Size(burst: 1000, perSecond: 20)
        package var settings = HTTP2FrameBudget.Size(burst: 50, perSecond: 1)
        /// And a hundred for each request.
        package var priorities = HTTP2FrameBudget.Size(burst: 100, perSecond: 10)
        /// And two for each request and ten for each DATA frame that we sent.
        package var windowUpdates = HTTP2FrameBudget.Size(burst: 1000, perSecond: 100)
        package var unknown = HTTP2FrameBudget.Size(burst: 100, perSecond: 10)
        /// DATA of fewer bytes than any message of gRPC or WebSocket has.
        package var tinyData = HTTP2FrameBudget.Size(burst: 1000, perSecond: 100)
        /// DATA of fewer than 64 bytes.
        package var smallData = HTTP2FrameBudget.Size(burst: 20_000, perSecond: 20_000)
        /// GOAWAY, and RST_STREAM beyond one for each request.
        package var endings = HTTP2FrameBudget.Size(burst: 100, perSecond: 1)
        /// Frames without payload in a row that end nothing.
        package var emptyInARow = 10

        package init() {}
    }
}

/// Why a connection of HTTP/2 ends.
package struct HTTP2Refusal: Error, Sendable, Equatable {
    package let reason: Reason
    package let code: HTTP2Code
    /// For the log; constant text.
    package let detail: StaticString

    package init(_ reason: Reason, _ code: HTTP2Code, _ detail: StaticString) {
        (self.reason, self.code, self.detail) = (reason, code, detail)
    }

    package static func == (left: HTTP2Refusal, right: HTTP2Refusal) -> Bool {
        left.reason == right.reason && left.code == right.code
    }
}

/// The error codes of RFC 9113 §7 that the gateway gives itself.
package enum HTTP2Code: UInt32, Sendable {
    case noError = 0
    case protocolError = 1
    case internalError = 2
    case flowControlError = 3
    case settingsTimeout = 4
    case streamClosed = 5
    case frameSizeError = 6
    case refusedStream = 7
    case cancel = 8
    case enhanceYourCalm = 11
}
