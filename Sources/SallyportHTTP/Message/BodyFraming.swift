/// How the end of a message's content is found (RFC 9112 §6.3). Decided once per message and direction: what the peer
/// wrote into Content-Length and Transfer-Encoding is never copied to the other side.
package enum BodyFraming: Sendable, Equatable {
    /// There is no content.
    case none
    /// Exactly this many bytes.
    case length(UInt64)
    /// Chunks, then trailers (RFC 9112 §7.1).
    case chunked
    /// Until the connection closes. Responses only.
    case untilClose
}
