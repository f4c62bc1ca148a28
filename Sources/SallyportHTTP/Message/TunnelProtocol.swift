/// What a client asks to speak instead of HTTP on a connection or stream of its own (RFC 9110 §7.8, RFC 8441).
package enum TunnelProtocol: UInt8, Sendable {
    case webSocket

    /// The token in Upgrade and in `:protocol`.
    package var token: StaticString {
        switch self {
        case .webSocket: "websocket"
        }
    }
}
