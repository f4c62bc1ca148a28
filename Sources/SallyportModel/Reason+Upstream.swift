extension Reason {
    package static let upstreamMalformed = Reason(
        5005, "Malformed upstream response", status: 502, origin: .upstream,
        explanation: """
            The upstream sent what is no HTTP/1.1 response to this request, or one whose length has more than one \
            meaning. It was not passed on, and the connection was closed.
            """,
        fix: "Ask the upstream directly and look at the bytes: curl -v --raw URL")
    package static let upstreamTruncated = Reason(
        5006, "Upstream response cut short", status: 502, origin: .upstream,
        explanation: "The upstream closed the connection before the response was complete.",
        fix: "Look for a crash or a time limit in the log of the upstream.")
    package static let upstreamHeadTooLarge = Reason(
        5007, "Upstream response head too large", status: 502, origin: .upstream,
        explanation: "The status line, a field line, or all fields of the response exceed what the gateway accepts.",
        fix: "Look for cookies that grow in the upstream's responses.")

    static let upstreamReasons: [Reason] = [upstreamMalformed, upstreamTruncated, upstreamHeadTooLarge]
}
