/// Bounds on one message. A peer that exceeds one is refused; nothing is truncated.
package struct HTTPLimits: Sendable, Hashable {
    /// The start line without its line end, bytes (414).
    package var startLine: Int
    /// One field line without its line end, bytes (431).
    package var fieldLine: Int
    /// All field lines with their line ends, bytes; the start line does not count (431). Trailers have the same bound.
    package var headers: Int
    /// Field lines (431). Trailers have the same bound.
    package var headerCount: Int
    /// Content of a request, bytes, without chunk framing (413). Responses are streamed and not bounded by it.
    package var body: Int

    package init(
        startLine: Int = 8192, fieldLine: Int = 16384, headers: Int = 32768, headerCount: Int = 100,
        body: Int = 10 << 20
    ) {
        self.startLine = startLine
        self.fieldLine = fieldLine
        self.headers = headers
        self.headerCount = headerCount
        self.body = body
    }
}
