import SallyportConfig
import SallyportHTTP
import SallyportModel
import SallyportPolicy

/// `sallyport route test`: what would happen to a request, decided by the very code that decides it in the gateway.
package struct RouteTrial: Sendable {
    package let configuration: Configuration

    package init(_ configuration: Configuration) { self.configuration = configuration }

    /// What is tried.
    package struct Request: Sendable {
        package var method: String
        /// `https://host[:port]/path?query`, or a path alone for host `localhost`.
        package var url: String
        package var headers: [(name: String, value: String)]
        /// The names of the identity; nil is a client without certificate.
        package var identity: [String]?
        /// Nil: the listener at the URL's port, else the only one, else the first.
        package var listener: String?
        /// Where the client is, in network order.
        package var address: [UInt8]

        package init(
            method: String, url: String, headers: [(name: String, value: String)] = [], identity: [String]?,
            listener: String? = nil, address: [UInt8] = [127, 0, 0, 1]
        ) {
            self.address = address
            self.method = method
            self.url = url
            self.headers = headers
            self.identity = identity
            self.listener = listener
        }
    }

    package func run(_ request: Request) -> RouteExplanation {
        let (authority, target) = Self.split(request.url)
        var explanation = RouteExplanation()
        let head: RequestHead
        switch Self.parse(request, authority: authority, target: target, limits: configuration.limits) {
        case .failure(let refusal):
            return explanation.refused(refusal.reason, "the request itself: \(refusal.reason.title)")
        case .success(let parsed):
            head = parsed
        }
        explanation.note("path \(head.text(head.path)), host \(head.host)")
        guard let listener = listener(for: request, authority: authority) else {
            return explanation.refused(.noRoute, "no TLS listener of the configuration fits")
        }
        explanation.listener = listener.name
        explanation.note("listener \(listener.name)")
        return decide(head, on: listener, request, explanation)
    }

    private func decide(
        _ head: RequestHead, on listener: Listener, _ request: Request, _ start: RouteExplanation
    ) -> RouteExplanation {
        var explanation = start
        let given = request.identity
        let mode = clientCertificates(listener, host: head.host).mode
        if given == nil, mode == .require {
            return explanation.refused(
                .noClientCertificate, "a client certificate is required for \(head.host): refused in the handshake")
        }
        let names = mode == .none ? nil : given
        if given != nil, mode == .none { explanation.note("no client is asked for a certificate for \(head.host)") }
        let decision = RouteTable(configuration).routes(of: listener.name)?.route(head) ?? .none
        switch decision {
        case .none:
            return explanation.refused(.noRoute, "no route matches host, path and header fields")
        case .methodNotAllowed(let methods):
            return explanation.refused(
                .methodNotAllowed, "the path has routes for \(methods.joined(separator: ", ")) only")
        case .route(let route):
            explanation.route = route.route.name
            explanation.note("route \(route.route.name) is the most specific that matches")
            if let reply = shield(head, from: ClientAddress(bytes: request.address), route.policy, &explanation) {
                return explanation.refused(reply.reason, "\(Self.refusing(reply.reason, route.policy)) refuses: \(reply.reason.title)")
            }
            let caller = Caller(names.map(Self.identity))
            let circumstances = Circumstances(
                head: head, client: ClientAddress(bytes: request.address), caller: caller, groups: configuration.groups,
                session: Self.session, now: UnixTime.seconds())
            explanation.note(route.policy, under: circumstances)
            if route.policy.asksForCredentials {
                explanation.note("tokens and API keys are not judged here: this is a request without one")
            }
            for service in route.policy.consults { explanation.note("\(service.upstream) would be asked, and is not") }
            switch authorize(route, caller: caller, at: 0, under: { circumstances }) {
            case .refused(let reply):
                let isOfPolicy = ![.identityNotAllowed, .identityRequired, .routeRequiresCertificate].contains(
                    reply.reason)
                return explanation.refused(
                    reply.reason,
                    isOfPolicy
                        ? "\(Self.refusing(reply.reason, route.policy)) refuses: \(reply.reason.title)" : whyRefused(route.route, names))
            case .permitted(let permit):
                return explanation.permitted(permit.route.route, whyPermitted(route.route, names))
            }
        }
    }

    private func shield(
        _ head: RequestHead, from address: ClientAddress, _ policy: CompiledPolicy,
        _ explanation: inout RouteExplanation
    ) -> LocalReply? {
        guard !policy.isEmpty else { return nil }
        explanation.note("under the policies \(policy.policies.map(\.name).joined(separator: ", "))")
        if case .respond(let reply) = policy.shield(head, from: address) { return reply }
        switch policy.crossOrigin(head) {
        case .refused: return LocalReply(.crossOriginRefused)
        case .allowed: explanation.note("a preflight request, which the gateway answers")
        case .goOn: break
        }
        return nil
    }

    /// What the handshake asks of a client that gives the host of the request as server name.
    private func clientCertificates(_ listener: Listener, host: String) -> ClientCertificates {
        guard case .tls(let tls) = listener.kind else { return ClientCertificates() }
        let plan = ListenerTLSPlan(tls)
        return configuration.tlsProfiles[plan[plan.policy(host: host)].profile]?.clientCertificates
            ?? ClientCertificates()
    }

    private func listener(for request: Request, authority: String) -> Listener? {
        let candidates = configuration.listeners.filter { if case .tls = $0.kind { true } else { false } }
        if let name = request.listener { return candidates.first { $0.name == name } }
        let port = authority.split(separator: ":").last.flatMap { UInt16($0) }
        return candidates.first { $0.address.port == port } ?? candidates.first
    }

    // MARK: words

    /// The policies that a refusal can come from, by name.
    private static func refusing(_ reason: Reason, _ policy: CompiledPolicy) -> String {
        let names = policy.policies.filter { one in
            switch reason {
            case .addressRefused: one.addresses != nil
            case .underMaintenance: one.maintenance != nil
            case .methodRefused: one.methods != nil
            case .bodyTooLarge: one.body != nil
            case .crossOriginRefused: one.cors != nil
            default: one.jwt != nil || one.introspection != nil || one.needsAPIKey || one.when != nil || one.deny != nil
            }
        }.map(\.name)
        return names.isEmpty ? "a policy of the route" : "policy " + names.joined(separator: " or ")
    }

    private func whyRefused(_ route: Route, _ names: [String]?) -> String {
        if names == nil, route.requiresCertificate {
            return "the route requires a client certificate, and none was presented"
        }
        guard case .identities(let allowed) = route.allow else { return "the route refuses" }
        let list = allowed.isEmpty ? "nobody" : allowed.joined(separator: ", ")
        guard let names else { return "the route allows \(list), and no certificate was presented" }
        return "the route allows \(list); the client is \(names.joined(separator: ", "))"
    }

    private func whyPermitted(_ route: Route, _ names: [String]?) -> String {
        guard case .identities(let allowed) = route.allow else { return "the route allows anyone" }
        let names = names ?? []
        let matched = names.filter(allowed.contains)
        if !matched.isEmpty { return "the route allows \(matched.joined(separator: ", "))" }
        let ways = allowed.compactMap { group -> String? in
            guard let members = configuration.groups.members(of: group) else { return nil }
            return names.first(where: members.contains).map { "\(group), and \($0) is in it" }
        }
        return "the route allows " + ways.joined(separator: "; ")
    }

    // MARK: the request

    private static func split(_ url: String) -> (authority: String, target: String) {
        var rest = Substring(url)
        for scheme in ["https://", "http://"] where rest.hasPrefix(scheme) {
            rest = rest.dropFirst(scheme.count)
            let slash = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
            let target = rest[slash...]
            return (String(rest[..<slash]), target.hasPrefix("/") ? String(target) : "/" + target)
        }
        return ("localhost", url)
    }

    private struct Refusal: Error { let reason: Reason }

    /// Through the parser that reads what clients send, so that the path is what it would be in the gateway.
    private static func parse(
        _ request: Request, authority: String, target: String, limits: Limits
    ) -> Result<RequestHead, Refusal> {
        let fields = request.headers.map { "\($0.name): \($0.value)\r\n" }.joined()
        let bytes = Array("\(request.method) \(target) HTTP/1.1\r\nhost: \(authority)\r\n\(fields)\r\n".utf8)
        var parser = RequestParser(
            limits: HTTPLimits(headers: limits.headers, headerCount: limits.headerCount, body: limits.body))
        switch parser.next(bytes.span.bytes).event {
        case .head(let head): return .success(head)
        case .refused(let reason): return .failure(Refusal(reason: reason))
        case .needMore, .body, .end: return .failure(Refusal(reason: .internalError))
        }
    }

    /// What a client of today negotiates.
    private static let session = SessionFacts(
        version: "TLSv1.3", cipher: "TLS_AES_128_GCM_SHA256", group: "X25519MLKEM768")

    /// Somebody of these names with a certificate that does not expire.
    private static func identity(_ names: [String]) -> Identity {
        let facts = CertificateFacts(
            subject: "", issuer: "", serial: "", notBefore: 0, notAfter: .max, fingerprint: [], der: [])
        return Identity(names: names, certificate: facts, authority: Builtin.authority)
    }
}

/// How a trial went, step by step.
package struct RouteExplanation: Sendable {
    package fileprivate(set) var listener: String?
    package fileprivate(set) var route: String?
    package fileprivate(set) var upstream: String?
    /// What was decided, in order.
    package private(set) var steps: [String] = []
    /// Nil: the request is forwarded.
    package private(set) var reason: Reason?

    fileprivate init() {}

    package var isAllowed: Bool { reason == nil }

    fileprivate mutating func note(_ step: String) { steps.append(step) }

    /// What each part of the conditions comes to.
    fileprivate mutating func note(_ policy: CompiledPolicy, under circumstances: Circumstances) {
        for (condition, isDenial) in policy.conditions {
            note("\(isDenial ? "deny" : "when"): \(condition.outcome(circumstances).words)")
            for step in condition.explain(circumstances) {
                note("  \(step.text): \(step.outcome.words)" + (step.value.map { " (\($0))" } ?? ""))
            }
        }
    }

    fileprivate mutating func refused(_ reason: Reason, _ step: String) -> RouteExplanation {
        note(step)
        self.reason = reason
        return self
    }

    fileprivate mutating func permitted(_ route: Route, _ step: String) -> RouteExplanation {
        note(step)
        upstream = route.upstream
        note(route.redirect.map { "redirected to \($0.to)" } ?? "forwarded to \(route.upstream ?? "")")
        return self
    }
}

extension Outcome {
    fileprivate var words: String {
        switch self {
        case .holds: "holds"
        case .fails: "does not hold"
        case .undecided: "undecided"
        }
    }
}
