import NIOHTTP2

/// What the library bears of a peer before it ends the connection. What a message may say, and which floods the traffic
/// explains, is checked by our own code; these bounds stand behind it.
struct HTTP2FramingBounds {
    /// DATA frames without content, in a row.
    let emptyData: Int
    /// Breaks of the protocol that the RFC lets pass, in the life of a connection.
    let glitches: Int
    /// PING, SETTINGS and PRIORITY, in thirty seconds.
    let controlFrames: Int
    /// RST_STREAM, in thirty seconds.
    let resets: Int
    /// Errors of streams, in thirty seconds.
    let streamErrors: Int

    /// Answers to control frames that wait for the peer to read.
    private static let waitingControlFrames = 1000
    /// Streams that were reset and whose late frames are known for what they are.
    private static let rememberedResets = 1000

    /// Framing and HPACK. The library's own checks of heads and lengths are off: their errors would end with a verdict on the
    /// connection.
    func handler(
        _ mode: NIOHTTP2Handler.ParserMode, _ settings: HTTP2Settings, frames: any NIOHTTP2FrameDelegate
    ) -> NIOHTTP2Handler {
        var connection = NIOHTTP2Handler.ConnectionConfiguration()
        connection.initialSettings = settings
        connection.headerBlockValidation = .disabled
        connection.contentLengthValidation = .disabled
        connection.maximumSequentialEmptyDataFrames = emptyData
        connection.maximumBufferedControlFrames = Self.waitingControlFrames
        connection.maximumRecentlyResetStreams = Self.rememberedResets
        connection.maximumConnectionGlitches = glitches
        connection.controlFrameRateLimit.maximumCount = controlFrames
        var stream = NIOHTTP2Handler.StreamConfiguration()
        stream.streamResetFrameRateLimit.maximumCount = resets
        stream.streamErrorRateLimit.maximumCount = streamErrors
        return NIOHTTP2Handler(
            mode: mode, frameDelegate: frames, connectionConfiguration: connection, streamConfiguration: stream)
    }
}
