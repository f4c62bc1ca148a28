/// What upstreams are told about the client, as complete field lines. The part that does not change during a
/// connection is computed once.
package struct ForwardedFields: Sendable {
    /// X-Forwarded-For, -Proto and -Port.
    private let fixed: [UInt8]
    /// The Forwarded line up to the host (RFC 7239 §4).
    private let forwarded: [UInt8]

    /// - Parameters:
    ///   - client: the peer's IP address as text, without brackets.
    ///   - scheme: `https` or `http`, as the client used it.
    ///   - port: the port the client connected to.
    package init(client: String, scheme: StaticString = "https", port: UInt16) {
        var fixed: [UInt8] = []
        fixed.append("X-Forwarded-For: ")
        fixed.append(utf8: client)
        fixed.append("\r\nX-Forwarded-Proto: ")
        fixed.append(scheme)
        fixed.append("\r\nX-Forwarded-Port: ")
        fixed.append(decimal: UInt64(port))
        fixed.append("\r\n")
        self.fixed = fixed
        forwarded = Self.forwarded(client: client, scheme: scheme)
    }

    /// An IPv6 address is bracketed and quoted (RFC 7239 §6).
    private static func forwarded(client: String, scheme: StaticString) -> [UInt8] {
        var line: [UInt8] = []
        line.append("Forwarded: for=")
        if client.utf8.contains(ASCII.colon) {
            line.append("\"[")
            line.append(utf8: client)
            line.append("]\"")
        } else {
            line.append(utf8: client)
        }
        line.append(";proto=")
        line.append(scheme)
        line.append(";host=")
        return line
    }

    /// Appends Via, X-Forwarded-For, -Proto, -Port and -Host, Forwarded, and X-Request-Id.
    /// - Parameter requestID: the gateway's own; it goes in as it is.
    package func write(for head: borrowing RequestHead, requestID: String, into out: inout [UInt8]) {
        out.append(Self.via(head.version))
        out.append(contentsOf: fixed)
        out.append("X-Forwarded-Host: ")
        out.append(head.authority, of: head.bytes)
        out.append("\r\n")
        out.append(contentsOf: forwarded)
        writeQuotedHost(head, into: &out)
        out.append("\r\nX-Request-Id: ")
        out.append(utf8: requestID)
        out.append("\r\n")
    }

    /// The version that the request came in (RFC 9110 §7.6.3).
    private static func via(_ version: HTTPVersion) -> StaticString {
        switch version {
        case .http10: "Via: 1.0 sallyport\r\n"
        case .http11: "Via: 1.1 sallyport\r\n"
        case .http2: "Via: 2.0 sallyport\r\n"
        }
    }

    /// A colon or bracket makes a host a quoted-string (RFC 7239 §4). An authority holds nothing to escape.
    private func writeQuotedHost(_ head: borrowing RequestHead, into out: inout [UInt8]) {
        let raw = head.bytes.span.bytes
        let isToken = raw.isToken(head.authority)
        if !isToken { out.append(ASCII.quote) }
        out.append(head.authority, of: head.bytes)
        if !isToken { out.append(ASCII.quote) }
    }
}
