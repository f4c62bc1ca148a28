extension Reason {
    package static let identityNotAllowed = Reason(
        3001, "Not allowed", status: 403, origin: .client,
        explanation: "The client proved who it is, but `allow` of the route that matches this request has neither that identity nor a group of it.",
        fix: "Add the identity, or a group that it is in, to `allow` of the route, or see which rule decides: sallyport route test METHOD URL --as IDENTITY")
    package static let identityRequired = Reason(
        3002, "A client certificate is required", status: 403, origin: .client,
        explanation: "The route allows named identities, and the request proved none: it came without a client certificate, and without a token or API key that the route's policies read.",
        fix: "Present a certificate (sallyport cert client NAME), or the token or API key that the route's policies ask for.")
    package static let noRoute = Reason(
        3003, "No such route", status: 404, origin: .client,
        explanation: "No route of this listener matches the host, path, method and headers of the request.",
        fix: "List what each route matches: sallyport check --policies")
    package static let wrongHost = Reason(
        3004, "Misdirected request", status: 421, origin: .client,
        explanation: "The request is for a host that has other TLS rules than the server name of the handshake, or that is not on the certificate that was shown, so the client was not let in for it.",
        fix: "Have the client open a connection of its own for each host name.")
    package static let methodNotAllowed = Reason(
        3005, "Method not allowed", status: 405, origin: .client,
        explanation: "A route matches the host and path of the request but not its method.",
        fix: "Add the method to `match.methods` of the route.")
    package static let certificateExpiredInUse = Reason(
        3006, "The client certificate has expired", status: 403, origin: .client,
        explanation: "The certificate was valid when the connection was opened and has expired since.",
        fix: "Renew it: sallyport cert renew NAME, then connect again.")
    package static let identityNoLongerValid = Reason(
        3007, "The client certificate is no longer accepted", status: 403, origin: .client,
        explanation: "The connection is older than the running configuration, and under that one its certificate is refused: revoked, its authority no longer trusted, or its name no longer known. The log has the reason at the time of the request.",
        fix: "See the warning in the log, then connect with another certificate: sallyport cert client NAME")

    package static let routeRequiresCertificate = Reason(
        3010, "The route requires a client certificate", status: 403, origin: .client,
        explanation: "The route has clientCertificate: require, and this connection presented no client certificate. The listener or the host lets clients in without one.",
        fix: "Present a certificate: sallyport cert client NAME")

    package static let tooManyHandshakes = Reason(
        3020, "Too many handshakes under way", origin: .gateway,
        explanation: "More TLS handshakes are under way than one worker keeps, so the oldest connections are closed for new ones. Clients that finish their handshake are not affected.",
        fix: "Look in the log which addresses connect and stall, and keep them out before the gateway.")

    static let accessReasons = [
        identityNotAllowed, identityRequired, noRoute, wrongHost, methodNotAllowed, certificateExpiredInUse,
        identityNoLongerValid, routeRequiresCertificate, tooManyHandshakes,
    ]
}
