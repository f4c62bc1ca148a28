/// Which version of HTTP the targets of an upstream are spoken to in.
package enum UpstreamProtocol: String, Sendable, Hashable, CaseIterable {
    /// What an https target chooses by ALPN, HTTP/2 before HTTP/1.1; HTTP/1.1 to http targets.
    case auto
    case http1
    /// HTTP/2 or nothing: by ALPN to https targets, by prior knowledge (RFC 9113 §3.3) to http targets.
    case http2

    /// The names that are offered by ALPN, most wanted first (RFC 7301).
    package var applicationProtocols: [String] {
        switch self {
        case .auto: ["h2", "http/1.1"]
        case .http1: ["http/1.1"]
        case .http2: ["h2"]
        }
    }
}
