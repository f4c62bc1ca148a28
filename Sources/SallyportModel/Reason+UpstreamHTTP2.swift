/// 5020–5039: HTTP/2 with an upstream.
extension Reason {
    package static let upstreamNotHTTP2 = Reason(
        5020, "The service does not speak HTTP/2", status: 502, origin: .upstream,
        explanation: """
            `protocol: http2` is set, and the target chose no HTTP/2 in the TLS handshake (ALPN), or did not begin with \
            its SETTINGS.
            """,
        fix: "Turn HTTP/2 on in the service, or set `protocol` of the upstream to auto or http1.")
    package static let upstreamRefusedStream = Reason(
        5021, "The service takes no more requests", status: 503, origin: .upstream,
        explanation: """
            The upstream refused the request before it looked at it (REFUSED_STREAM, or GOAWAY with an earlier last \
            stream), and did so again when it was sent anew.
            """,
        fix: "Look whether the service is restarting or full; add targets.")
    package static let upstreamReset = Reason(
        5022, "The service reset the request", status: 502, origin: .upstream,
        explanation: "The upstream ended the HTTP/2 stream of this request with an error before its response was whole.",
        fix: "Look at the log of the service at the time of this request id.")
    package static let upstreamProtocolError = Reason(
        5023, "The service broke HTTP/2", status: 502, origin: .upstream,
        explanation: """
            The upstream sent what no HTTP/2 connection may carry, or too much of what carries nothing, and the connection \
            with all its requests was closed.
            """,
        fix: "Update the service, or set `protocol: http1` for the upstream.")
    package static let upstreamWantsHTTP1 = Reason(
        5024, "The service wants HTTP/1.1 for this", status: 502, origin: .upstream,
        explanation: "The upstream ended the HTTP/2 stream with HTTP_1_1_REQUIRED.",
        fix: "Set `protocol: http1` for the upstream.")
    package static let upstreamNoTunnel = Reason(
        5025, "The service takes no tunnel over HTTP/2", status: 502, origin: .upstream,
        explanation: """
            A client asked for a WebSocket, and the upstream is spoken to in HTTP/2 only. There a tunnel needs extended \
            CONNECT (RFC 8441), and the target's SETTINGS do not say that it knows that (ENABLE_CONNECT_PROTOCOL).
            """,
        fix: "Turn WebSockets over HTTP/2 on in the service, or set `protocol` of the upstream to auto or http1.")
    package static let requestNotText = Reason(
        5026, "A field holds bytes that are no text", status: 400, origin: .client,
        explanation: """
            A field value is not UTF-8, and the gateway sends only text to upstreams that speak HTTP/2. It was not sent \
            on changed.
            """,
        fix: "Have the client encode the value, or set `protocol: http1` for the upstream.")
    package static let upstreamSilent = Reason(
        5027, "The connection to the service is dead", status: 504, origin: .upstream,
        explanation: "Requests were under way on an HTTP/2 connection, nothing came for long, and a PING was not answered.",
        fix: "Look at the network between the gateway and the service, such as a firewall that forgets connections.")
    package static let upstreamOverwhelmed = Reason(
        5028, "The service asks for fewer requests", status: 503, origin: .upstream,
        explanation: "The upstream ended the stream or the connection with ENHANCE_YOUR_CALM.",
        fix: "Add targets, limit the clients, or raise the limits of the service.")
    package static let grpcDeadline = Reason(
        5029, "The deadline of the call has passed", status: 504, origin: .upstream,
        explanation: """
            A gRPC client said in `grpc-timeout` how long it waits, and the service had not finished by then. The call was \
            cancelled.
            """,
        fix: "Look at what makes the service slow, or have the client wait longer.")

    static let upstreamHTTP2Reasons = [
        upstreamNotHTTP2, upstreamRefusedStream, upstreamReset, upstreamProtocolError, upstreamWantsHTTP1, upstreamNoTunnel,
        requestNotText, upstreamSilent, upstreamOverwhelmed, grpcDeadline,
    ]
}
