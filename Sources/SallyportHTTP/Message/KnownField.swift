/// The field names that the gateway acts on. A name is looked up once, while its line is parsed.
package enum KnownField: UInt8, Sendable {
    case other
    // Framing and routing
    case host, contentLength, transferEncoding, expect, maxForwards
    // This connection only (RFC 9110 §7.6.1)
    case connection, keepAlive, proxyConnection, proxyAuthenticate, proxyAuthorization, proxyAuthenticationInfo
    case te, trailer, upgrade, http2Settings
    // What the gateway says itself about the client, so nobody else may
    case clientCert, clientCertChain, xfcc, forwarded, xForwardedFor, xForwardedHost, xForwardedPort, xForwardedProto
    case xRequestID
    /// Other names that servers take an address, an identity or a path from: `X-Forwarded-*`, `X-Real-IP`,
    /// `X-SSL-Client-*`, `X-Original-URL` and their kin.
    case forgeable
    // End to end, and a Connection field cannot name them away
    case traceparent, tracestate
    case authorization, cookie, contentType, contentEncoding, cacheControl, date, via, range, origin
}

extension KnownField {
    /// Never goes to the next hop as it came, in either direction.
    var isHopByHop: Bool {
        switch self {
        case .connection, .keepAlive, .proxyConnection, .proxyAuthenticate, .proxyAuthorization,
            .proxyAuthenticationInfo, .te, .trailer, .upgrade, .http2Settings, .contentLength, .transferEncoding:
            true
        default: false
        }
    }

    /// What a client could use to speak in the gateway's name, or what the gateway writes anew in a request.
    var isRewrittenInRequests: Bool {
        switch self {
        case .host, .expect, .maxForwards, .clientCert, .clientCertChain, .xfcc, .forwarded, .xForwardedFor,
            .xForwardedHost, .xForwardedPort, .xForwardedProto, .xRequestID, .forgeable:
            true
        default: false
        }
    }
}
