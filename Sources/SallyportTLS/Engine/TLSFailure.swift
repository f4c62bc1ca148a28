/// How a TLS connection ended otherwise than in order.
enum TLSFailure: Error, Equatable {
    /// The library gave up, or the peer's alert made it; names of reasons, oldest first, as in BoringSSL's headers.
    case library([String])
    /// close_notify in the middle of the handshake.
    case closeNotify
    /// The transport ended without close_notify: what came may be cut short (RFC 8446 section 6.1).
    case truncated
}
