/// A request method, as far as the gateway tells methods apart. Method names are case-sensitive (RFC 9110 §9.1).
package enum Method: UInt8, Sendable {
    case get, head, post, put, delete, connect, options, trace, patch
    /// Any other token; it is forwarded as it is.
    case other

    /// RFC 9110 §9.2.1: asks for nothing to change.
    package var isSafe: Bool {
        switch self {
        case .get, .head, .options, .trace: true
        default: false
        }
    }

    /// RFC 9110 §9.2.2: doing it twice is as good as once, so a retry after a lost connection is allowed.
    package var isIdempotent: Bool {
        switch self {
        case .put, .delete: true
        default: isSafe
        }
    }
}
