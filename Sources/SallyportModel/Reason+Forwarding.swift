extension Reason {
    package static let upstreamUnreachable = Reason(
        5001, "The service cannot be reached", status: 502, origin: .upstream,
        explanation: "No target of the upstream accepted a connection within `timeouts.connect`.",
        fix: "See that the service runs and that `targets` names its address and port.")
    package static let upstreamTimeout = Reason(
        5002, "The service did not answer in time", status: 504, origin: .upstream,
        explanation: "The request was sent whole, and the head of the response did not come within `timeouts.request`.",
        fix: "Raise `upstreams.NAME.timeouts.request` if the service is known to be slow, or look at the service.")
    package static let upstreamClosed = Reason(
        5003, "The service closed the connection", status: 502, origin: .upstream,
        explanation: "The connection ended before the response had begun, and the request could not be sent again safely.",
        fix: "Look at the log of the service at the time of this request id.")
    package static let upstreamBusy = Reason(
        5004, "The service is busy", status: 503, origin: .gateway,
        explanation: "The upstream has as many connections from this worker as it may have, and none is free.",
        fix: "Add targets to the upstream, or look for what makes its responses slow.")
    package static let upstreamStalled = Reason(
        5008, "The service stopped answering", status: 504, origin: .upstream,
        explanation: "Neither side made progress for `timeouts.idle` while a message was under way.",
        fix: "Raise `upstreams.NAME.timeouts.idle` for a service that pauses, or look at the service.")
    package static let clientClosed = Reason(
        5009, "The client closed the connection", status: 499, origin: .client,
        explanation: "The client went away before the response was complete; the request to the service was cancelled.",
        fix: "Nothing to do unless it is frequent: then compare the client's timeout with the service's time.")

    static let forwardingReasons = [
        upstreamUnreachable, upstreamTimeout, upstreamClosed, upstreamBusy, upstreamStalled, clientClosed,
    ]
}
