/// A request's start line and fields, checked and decided: there is one host, one path and one framing.
///
/// Everything is an offset into one buffer. Path and authority were normalised in place, so the bytes that routing
/// decides on are the bytes that are forwarded.
package struct RequestHead: Sendable {
    package let bytes: [UInt8]
    package internal(set) var fields: [Field]
    package let methodKind: Method
    package let method: Range<Int>
    /// Normalised: begins with "/", or is "*" (OPTIONS only).
    package let path: Range<Int>
    /// Without the question mark, as sent.
    package let query: Range<Int>?
    /// Lower-case, without port and trailing dot; an IPv6 address keeps its brackets.
    package let host: String
    /// `host[:port]`; the host in it is spelt as in `host`.
    package let authority: Range<Int>
    package let version: HTTPVersion
    package let framing: BodyFraming
    /// Whether the client lets the connection go on after this exchange. False for every HTTP/1.0 request.
    package let keepAlive: Bool
    /// The client holds the content back until it sees 100 (Continue).
    package let expectsContinue: Bool
    /// Hops left, for OPTIONS only (RFC 9110 §7.6.2). At 0 the gateway has to answer itself; above, the writer
    /// counts it down.
    package let maxForwards: UInt32?
    /// Field lines that are not forwarded because of an underscore in their name, which CGI-like servers read as a
    /// hyphen.
    package let underscoreFields: Int
    /// The client wants to speak this instead of HTTP once the upstream agrees. Such a request has no content.
    package let tunnel: TunnelProtocol?
    /// The client has said that it reads trailers (RFC 9110 §10.1.4). HTTP/2 needs no saying, but gRPC does it.
    package let acceptsTrailers: Bool
}

extension RequestHead {
    package var methodText: String { text(method) }
    package var isHEAD: Bool { methodKind == .head }
    /// `OPTIONS *`: no resource is asked for.
    package var isAboutServer: Bool { bytes[path.lowerBound] == ASCII.asterisk }
    package var isSafe: Bool { methodKind.isSafe }
    package var isIdempotent: Bool { methodKind.isIdempotent }

    /// A part of the head as text; what is not UTF-8 is replaced. For logs, never for decisions.
    package func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
}

extension RequestHead: HeadFields {
    /// Fields of these names stay here.
    /// - Parameter names: lower-case ASCII.
    package mutating func withhold(_ names: [String]) { fields = withholding(names) }
}
