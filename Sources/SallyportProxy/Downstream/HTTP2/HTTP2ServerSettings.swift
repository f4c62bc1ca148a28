import NIOCore
import NIOHTTP2
import SallyportHTTP

/// What the gateway allows a client that speaks HTTP/2. `docs/http2.md` shows these values.
enum HTTP2ServerSettings {
    /// Requests at a time on one connection.
    static let streams = 100
    /// Content of one request that may be under way or held because its upstream does not take it, bytes.
    static let streamWindow = 64 << 10
    /// Content of all requests of a connection that may be under way or held, bytes.
    static let connectionWindow = 1 << 20
    /// Content of all responses of a connection that is held because the client does not take it, bytes.
    static let heldForClient = 1 << 20
    /// Content of one response that is held, at most and at least, however many there are.
    static let heldForStream = (most: 64 << 10, least: 8 << 10)
    /// DATA frames are not longer, so that streams take turns.
    static let frame = 16 << 10
    /// Malformed requests of one connection, before it ends.
    static let malformations = 20

    static let idle = TimeAmount.seconds(300)
    /// The same before the first request.
    static let firstRequest = TimeAmount.seconds(60)
    /// For the preface, the acknowledgement of our settings, and the rest of a header block or control frame.
    static let answer = TimeAmount.seconds(10)
    /// Between the two steps of leaving (RFC 9113 §6.8), when the client does not answer our ping.
    static let goodbye = TimeAmount.seconds(1)

    /// A list of fields that is too long for the gateway is the fault of one request, which gets an answer; the decoder's
    /// own bound costs the connection and therefore stands higher.
    static func settings(_ limits: HTTPLimits) -> HTTP2Settings {
        [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: streams),
            HTTP2Setting(parameter: .initialWindowSize, value: streamWindow),
            HTTP2Setting(parameter: .maxHeaderListSize, value: 2 * (limits.headers + limits.startLine) + (16 << 10)),
            HTTP2Setting(parameter: .enableConnectProtocol, value: 1),
        ]
    }

    /// Floods are counted by `HTTP2FramePolicer`, which knows what the traffic explains.
    private static let bounds = HTTP2FramingBounds(
        emptyData: 20, glitches: 1000, controlFrames: 60_000, resets: 20_000, streamErrors: 200)

    static func handler(_ limits: HTTPLimits, frames: any NIOHTTP2FrameDelegate) -> NIOHTTP2Handler {
        bounds.handler(.server, settings(limits), frames: frames)
    }
}

extension HTTP2Code {
    var library: HTTP2ErrorCode { HTTP2ErrorCode(networkCode: Int(rawValue)) }
}

/// Tells the connection which frames really left, those too that the library sends by itself.
final class HTTP2FrameWatch: NIOHTTP2FrameDelegate {
    var wrote: ((HTTP2Frame) -> Void)?

    func wroteFrame(_ frame: HTTP2Frame) { wrote?(frame) }
}
