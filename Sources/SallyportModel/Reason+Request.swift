extension Reason {
    // The request line
    package static let malformedRequestLine = Reason(
        4001, "Malformed request line", status: 400, origin: .client,
        explanation: "The first line is not `METHOD TARGET HTTP/1.1` with single spaces (RFC 9112 §3).",
        fix: "Look at what the client sends: it may not be speaking HTTP at all.")
    package static let invalidTarget = Reason(
        4002, "Invalid request target", status: 400, origin: .client,
        explanation: """
            The request target is none of the four forms of RFC 9112 §3.2 or holds a byte that no URI may hold.
            """,
        fix: "Have the client percent-encode the URL. A fragment (#…) is never sent.")
    package static let invalidPath = Reason(
        4003, "Invalid path", status: 400, origin: .client,
        explanation: """
            The path has no single meaning: a broken escape, an encoded slash, backslash or NUL, or `..` above the \
            root. Servers disagree about such paths, and policies are got around with them.
            """,
        fix: "Send the path in normal form, without encoded separators.")
    package static let methodUnsupported = Reason(
        4004, "Method not supported", status: 501, origin: .client,
        explanation: "CONNECT and method names over 32 bytes are not supported.",
        fix: "Use another method. This gateway is no forward proxy.")
    package static let traceRefused = Reason(
        4005, "TRACE is not supported", status: 501, origin: .client,
        explanation: "An answer to TRACE would show the client what the gateway tells upstreams about it.",
        fix: "Use the access log to see what arrives.")
    package static let versionUnsupported = Reason(
        4006, "HTTP version not supported", status: 505, origin: .client,
        explanation: "This connection speaks HTTP/1.1 or HTTP/1.0, and the request line names another version.",
        fix: "Use HTTP/1.1.")

    // Fields
    package static let malformedField = Reason(
        4010, "Malformed header field", status: 400, origin: .client,
        explanation: """
            A field line is not `name: value`: no colon, an empty or invalid name, white space before the colon, a \
            folded line, or a control character (RFC 9112 §5).
            """,
        fix: "Mend the client; lenient readings of such lines are how requests are smuggled.")
    package static let bareLineEnd = Reason(
        4011, "Malformed line end", status: 400, origin: .client,
        explanation: "A line ends in LF or holds a CR alone; only CR LF ends a line (RFC 9112 §2.2).",
        fix: "Mend the client to end lines with CR LF.")
    package static let invalidHost = Reason(
        4012, "Missing or invalid Host", status: 400, origin: .client,
        explanation: """
            Host is missing, stands twice, is no host[:port], or differs from the host in the request target. \
            Routing needs one host, in HTTP/1.0 too.
            """,
        fix: "Send exactly one Host field that names the gateway as the URL does.")
    package static let malformedConnection = Reason(
        4013, "Malformed Connection field", status: 400, origin: .client,
        explanation: "Connection is not a list of at most 32 names (RFC 9110 §7.6.1).",
        fix: "Mend the client; `close` and `keep-alive` are what it needs at most.")
    package static let expectationUnsupported = Reason(
        4014, "Expectation not supported", status: 417, origin: .client,
        explanation: "Expect holds something else than 100-continue (RFC 9110 §10.1.1).",
        fix: "Remove the Expect field from the request.")
    package static let invalidMaxForwards = Reason(
        4015, "Invalid Max-Forwards", status: 400, origin: .client,
        explanation: "Max-Forwards of an OPTIONS request is not one decimal number (RFC 9110 §7.6.2).",
        fix: "Send one number, or leave the field out.")

    package static let invalidWebSocketKey = Reason(
        4016, "Invalid Sec-WebSocket-Key", status: 400, origin: .client,
        explanation: """
            A request for a WebSocket has no Sec-WebSocket-Key, more than one, or one that is not 16 bytes in Base64 (RFC \
            6455 §4.2.1). Towards an upstream of HTTP/2 the gateway answers the key itself.
            """,
        fix: "Mend the client: the key is 24 characters, made anew for each connection.")

    // Framing
    package static let ambiguousFraming = Reason(
        4020, "Ambiguous message length", status: 400, origin: .client,
        explanation: """
            Content-Length and Transfer-Encoding stand together, one of them stands twice, or an HTTP/1.0 message \
            has a Transfer-Encoding. Two servers may see two different messages in this (RFC 9112 §6.1).
            """,
        fix: "Send one of them, once. If the client is no browser or library, treat it as an attack.")
    package static let invalidContentLength = Reason(
        4021, "Invalid Content-Length", status: 400, origin: .client,
        explanation: "Content-Length is not one decimal number without sign, list and blanks.",
        fix: "Send the number of bytes in decimal digits.")
    package static let invalidTransferEncoding = Reason(
        4022, "Invalid Transfer-Encoding", status: 400, origin: .client,
        explanation: "Transfer-Encoding is no list of codings, or applies `chunked` twice or not last.",
        fix: "Send `Transfer-Encoding: chunked` and nothing else in it.")
    package static let transferCodingUnsupported = Reason(
        4023, "Transfer coding not supported", status: 501, origin: .client,
        explanation: "Transfer-Encoding names a coding other than chunked.",
        fix: "Use Content-Encoding to compress content.")
    package static let malformedChunk = Reason(
        4024, "Malformed chunk", status: 400, origin: .client,
        explanation: "A chunk is not a hex size of at most 16 digits, CR LF, that many bytes, CR LF (RFC 9112 §7.1).",
        fix: "Mend the client, or have it send Content-Length.")
    package static let malformedTrailer = Reason(
        4025, "Malformed trailer", status: 400, origin: .client,
        explanation: "A trailer line is not `name: value` ended by CR LF (RFC 9112 §7.1.2).",
        fix: "Mend the client, or have it send no trailers: the gateway drops them anyway.")

    // Limits
    package static let requestLineTooLong = Reason(
        4030, "Request line too long", status: 414, origin: .client,
        explanation: "The request line is longer than 8 KiB.",
        fix: "Send long parameters in the content of a POST.")
    package static let headersTooLarge = Reason(
        4031, "Header fields too large", status: 431, origin: .client,
        explanation: """
            One field line is longer than 16 KiB, or all together exceed `limits.headers`. Towards an upstream that speaks \
            HTTP/2 the whole head, with the fields that the gateway adds, has to fit into one frame of 16 KiB as well.
            """,
        fix: """
            Look for cookies that grow, or raise `policies.baseline.limits.headers`. Where it is the frame, send less, or set \
            `protocol: http1` for the upstream.
            """)
    package static let tooManyHeaders = Reason(
        4032, "Too many header fields", status: 431, origin: .client,
        explanation: "The request has more field lines than `limits.headerCount`.",
        fix: "Send fewer fields, or raise `policies.baseline.limits.headerCount`.")
    package static let bodyTooLarge = Reason(
        4033, "Content too large", status: 413, origin: .client,
        explanation: "The content is, or says it is, longer than `limits.body`.",
        fix: "Send less, or raise `policies.baseline.limits.body`.")
    package static let chunkOverhead = Reason(
        4034, "Too much chunk overhead", status: 400, origin: .client,
        explanation: """
            The lines between the chunks exceed 16 KiB plus 16 bytes for each chunk. Extensions that long serve \
            only to keep a server busy.
            """,
        fix: "Have the client send larger chunks without extensions.")
    package static let trailersTooLarge = Reason(
        4035, "Trailers too large", status: 431, origin: .client,
        explanation: "The trailers exceed the bounds of header fields.",
        fix: "Send fewer trailers: the gateway drops them anyway.")

    static let requestReasons = [
        malformedRequestLine, invalidTarget, invalidPath, methodUnsupported, traceRefused, versionUnsupported,
        malformedField, bareLineEnd, invalidHost, malformedConnection, expectationUnsupported, invalidMaxForwards,
        invalidWebSocketKey, ambiguousFraming, invalidContentLength, invalidTransferEncoding, transferCodingUnsupported, malformedChunk,
        malformedTrailer, requestLineTooLong, headersTooLarge, tooManyHeaders, bodyTooLarge, chunkOverhead,
        trailersTooLarge,
    ]
}
