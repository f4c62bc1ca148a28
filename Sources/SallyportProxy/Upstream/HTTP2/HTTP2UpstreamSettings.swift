import NIOCore
import NIOHTTP2
import SallyportHTTP

/// What the gateway allows an upstream that speaks HTTP/2. Peers of our own network, but believed no more than others.
enum HTTP2UpstreamSettings {
    /// Bytes of one response that may be under way or held because its client does not read.
    static let streamWindow = 256 << 10
    /// Bytes of all responses under way on a connection. Given back on arrival: one client that does not read must not
    /// stop the others, and what is held is bounded by the windows of the streams.
    static let connectionWindow = 1 << 20
    /// Bytes of one request that are given to the connection and have not left it.
    static let highWatermark = 64 << 10
    static let lowWatermark = 32 << 10
    /// Requests at a time on one connection, whatever more the peer allows.
    static let streams = 100
    /// Before numbers run out, a connection is replaced (RFC 9113 §5.1.1).
    static let lastStream = 1 << 30
    /// Frames that carry neither a head nor content, since the last one that did.
    static let idleFrames = 10_000
    /// Silence on a connection with requests under way before it is asked whether it lives, and the wait for the answer.
    static let silence = TimeAmount.seconds(30)
    static let answer = TimeAmount.seconds(10)
    /// How long a target may take to end its side of a tunnel whose client has ended the other.
    static let farewell = TimeAmount.seconds(2)

    /// What goes out in our SETTINGS. A list of fields that is too long for the gateway is the fault of one response; the
    /// decoder's own bound, which costs the connection, therefore stands higher.
    static func settings(_ limits: HTTPLimits) -> HTTP2Settings {
        [
            HTTP2Setting(parameter: .enablePush, value: 0),
            HTTP2Setting(parameter: .maxConcurrentStreams, value: 0),
            HTTP2Setting(parameter: .initialWindowSize, value: streamWindow),
            HTTP2Setting(parameter: .maxHeaderListSize, value: 2 * limits.headers + (32 << 10)),
        ]
    }

    /// Wide: a busy connection has many streams that end early for good reasons.
    private static let bounds = HTTP2FramingBounds(
        emptyData: 100, glitches: 100_000, controlFrames: 20_000, resets: 10_000, streamErrors: 1000)

    static func handler(_ limits: HTTPLimits, frames: any NIOHTTP2FrameDelegate) -> NIOHTTP2Handler {
        bounds.handler(.client, settings(limits), frames: frames)
    }
}
