/// Errors of the file about policies: 1370 … 1379. What policies refuse: 3011 … 3019, and 4093.
extension Reason {
    package static let fieldOfTheGateway = configuration(
        1370, "The field is the gateway's own",
        """
        The field says how a message is framed, or who the client is. The gateway writes it itself, from what it has \
        checked, and a policy that changed it would make the next hop believe something else.
        """,
        fix: "Remove the field from the policy, or give your own a name of its own.")
    package static let misplacedKey = configuration(
        1371, "The key holds for all routes or for none",
        "What the key bounds is read before a route is known, so it can stand in `policies.baseline` only.",
        fix: "Move the key to `policies.baseline.limits`.")

    package static let addressRefused = Reason(
        3011, "Not allowed from this address", status: 403, origin: .client,
        explanation: "A policy of the route lists the networks that clients may come from, or may not, and this client's address is refused by it.",
        fix: "See `addresses` of the route's policies: sallyport check --policies")
    package static let methodRefused = Reason(
        3012, "Method not allowed here", status: 405, origin: .client,
        explanation: "A policy of the route lets only certain methods through.",
        fix: "Add the method to `methods` of the policy that sallyport check --policies names.")
    package static let crossOriginRefused = Reason(
        3013, "Not allowed from this origin", status: 403, origin: .client,
        explanation: "A browser asked, before a request to this route, whether a page of another origin may make it, and `cors` of the route's policies does not list the origin, the method or a field.",
        fix: "Add what is missing to `cors.origins`, `cors.methods` or `cors.headers`.")
    package static let consultRefused = Reason(
        3014, "Refused by the service that was asked", status: 403, origin: .client,
        explanation: "The service in `consult` of the route's policies answered that the request must not go on.",
        fix: "Ask the service why; the access log has the request's id, which the service was told in X-Request-Id.")
    package static let consultUnauthenticated = Reason(
        3015, "The service that was asked wants credentials", status: 401, origin: .client,
        explanation: "The service in `consult` of the route's policies answered 401. What it says in WWW-Authenticate has been passed on.",
        fix: "Send the credentials that the service asks for; `consult.send` names the fields that it gets to see.")
    package static let consultUnavailable = Reason(
        3016, "The service that has to agree does not answer", status: 503, origin: .upstream,
        explanation: "The service in `consult` of the route's policies did not answer within `consult.timeout`, or answered with a status of 500 and more, and the file says to refuse then.",
        fix: "See `sallyport status` for its targets, and its own log. `whenUnavailable: allow` lets requests pass meanwhile.")
    package static let responseTooLarge = Reason(
        5050, "The response is too long", status: 502, origin: .upstream,
        explanation: "A policy of the route bounds the content of responses, and this one said that it is longer, or turned out to be.",
        fix: "Raise `limits.response` of the policy that sallyport check --policies names, or have the service send less.")
    package static let underMaintenance = Reason(
        4093, "Under maintenance", status: 503, origin: .gateway,
        explanation: "A policy of the route has `maintenance`, so requests are answered without asking the upstream.",
        fix: "Remove `maintenance` from the policy and reload.")

    static let policyReasons = [
        fieldOfTheGateway, misplacedKey, addressRefused, methodRefused, crossOriginRefused, underMaintenance,
        consultRefused, consultUnauthenticated, consultUnavailable, responseTooLarge,
    ]
}
