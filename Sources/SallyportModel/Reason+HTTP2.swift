extension Reason {
    package static let malformedHTTP2Fields = Reason(
        4026, "Malformed HTTP/2 fields", status: 400, origin: .client,
        explanation: """
            A field breaks RFC 9113 §8.2: an upper-case letter or a byte that no name may hold, a control character or \
            white space at the ends of a value, a value that is not UTF-8, a field of the connection (Connection, \
            Keep-Alive, Proxy-Connection, Transfer-Encoding, Upgrade), or a TE other than `trailers`. The stream was reset.
            """,
        fix: "Mend the client. A proxy in front that turns HTTP/1.1 into HTTP/2 has to take such fields away.")
    package static let malformedHTTP2Pseudo = Reason(
        4027, "Malformed HTTP/2 request", status: 400, origin: .client,
        explanation: """
            The pseudo-header fields are no request (RFC 9113 §8.3.1): one is missing, empty, unknown, stands twice or \
            behind other fields, `:path` does not begin with a slash, or `:scheme` is not that of the listener. The \
            stream was reset.
            """,
        fix: "Mend the client. If it is no browser or library, treat it as an attack.")
    package static let http2LengthMismatch = Reason(
        4028, "Content and Content-Length differ", status: 400, origin: .client,
        explanation: """
            The DATA frames of a request hold more or less than its Content-Length says (RFC 9113 §8.1.1). The stream was \
            reset, and so was the request to the upstream.
            """,
        fix: "Mend the client. Requests like this are used to smuggle a second one behind the first.")
    package static let http2ProtocolError = Reason(
        4029, "HTTP/2 protocol error", origin: .client,
        explanation: """
            The client broke a rule of HTTP/2 that concerns the whole connection: a frame of the wrong size or in the \
            wrong place, a header block that cannot be decoded, a window that overflows. The connection was closed with \
            GOAWAY.
            """,
        fix: "Look at `detail` in the log line. A client that speaks HTTP/1.1 after it agreed on h2 looks like this, too.")
    package static let http2Flood = Reason(
        4036, "Too many HTTP/2 frames that carry nothing", origin: .client,
        explanation: """
            The client sent more control frames (PING, SETTINGS, PRIORITY, WINDOW_UPDATE, unknown ones), empty frames or \
            DATA frames of a few bytes than the traffic of the connection explains. The connection was closed with \
            GOAWAY ENHANCE_YOUR_CALM.
            """,
        fix: "Nothing for an attack: this is the defence. A real client needs a look at its keep-alive pings and its flushing.")
    package static let http2Resets = Reason(
        4037, "Too many HTTP/2 requests given up at once", origin: .client,
        explanation: """
            The client reset more than half of its requests within a second of sending them (CVE-2023-44487), or made the \
            gateway reset them (CVE-2025-8671). The connection was closed with GOAWAY ENHANCE_YOUR_CALM.
            """,
        fix: "Look which identity does this: a client that cancels this often wastes the upstream's work.")
    package static let http2Malformations = Reason(
        4038, "Too many malformed HTTP/2 requests", origin: .client,
        explanation: "One connection brought more than twenty malformed requests. It was closed with GOAWAY.",
        fix: "See the reason of each request in the access log, then mend the client or keep it out.")
    package static let http2Unresponsive = Reason(
        4039, "The HTTP/2 client stopped in the middle", origin: .client,
        explanation: """
            For ten seconds the client left our SETTINGS unacknowledged, or a header block or control frame unfinished. \
            The connection was closed.
            """,
        fix: "Nothing on a good network; many of these from one address are an attack that this deadline stops.")

    static let http2Reasons = [
        malformedHTTP2Fields, malformedHTTP2Pseudo, http2LengthMismatch, http2ProtocolError, http2Flood, http2Resets,
        http2Malformations, http2Unresponsive,
    ]
}
