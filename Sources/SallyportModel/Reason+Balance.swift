extension Reason {
    package static let upstreamFull = Reason(
        5040, "The service is full", status: 503, origin: .gateway,
        explanation: """
            As many requests are under way to the upstream as `circuit.maxRequests` allows, and as many wait as \
            `circuit.maxPending` allows. The request was not sent; `Retry-After` says when to come again.
            """,
        fix: "Add targets, look for what makes the service slow, or raise `upstreams.NAME.circuit`.")
    package static let upstreamQueueTimeout = Reason(
        5041, "The service was full for too long", status: 503, origin: .gateway,
        explanation: "The request waited for its turn for `circuit.maxWait` and was not sent.",
        fix: "Add targets, look for what makes the service slow, or raise `upstreams.NAME.circuit.maxWait`.")
    package static let upstreamShed = Reason(
        5042, "The service is at its limit", status: 503, origin: .gateway,
        explanation: """
            With `concurrency: adaptive` the gateway found out that more requests at a time only make the service slower. \
            This one was beyond that and was not sent.
            """,
        fix: "Add targets, or use `concurrency: fixed` and `circuit` where the service is known to bear more.")
    package static let upstreamTotalTimeout = Reason(
        5043, "The request took too long", status: 504, origin: .upstream,
        explanation: "The whole exchange, with all attempts, did not end within `timeouts.total`.",
        fix: "Raise `upstreams.NAME.timeouts.total`, or look at the service.")
    package static let targetEjected = Reason(
        5044, "A target was taken out of service for a while", origin: .upstream,
        explanation: "Requests to it failed `health.ejectAfter` times in a row, of the kinds in `health.ejectOn`.",
        fix: "Look at the log of the target. `sallyport status` shows when it comes back.")
    package static let targetDown = Reason(
        5045, "A target fails its health check", origin: .upstream,
        explanation: "It did not answer `health.path` with an expected status in time, `health.downAfter` times in a row.",
        fix: "Ask the target yourself for the path, and look at its log.")
    package static let targetNameUnknown = Reason(
        5046, "The name of a target cannot be looked up", origin: .upstream,
        explanation: "The resolver gave no address. The addresses that it gave before go on being used.",
        fix: "Look at the resolver: getent ahosts NAME")

    static let balanceReasons = [
        upstreamFull, upstreamQueueTimeout, upstreamShed, upstreamTotalTimeout, targetEjected, targetDown,
        targetNameUnknown,
    ]
}
