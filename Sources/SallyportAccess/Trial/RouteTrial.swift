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

    /// - Parameter evidence: what is known beyond the configuration.
    package func run(_ request: Request, _ evidence: TrialEvidence = TrialEvidence()) -> RouteExplanation {
        var explanation = RouteExplanation()
        let (authority, target) = Self.split(request.url)
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
        if let ban = evidence.ban(request.address, []) { return explanation.refused(ban.reason, ban.words) }
        let mode = clientCertificates(listener, host: head.host).mode
        let names = certificateNames(of: request, mode, host: head.host, &explanation)
        if names == nil, mode == .require {
            return explanation.refused(
                .noClientCertificate, "a client certificate is required for \(head.host): refused in the handshake")
        }
        if let names, let ban = evidence.ban(request.address, names) {
            return explanation.refused(ban.reason, ban.words)
        }
        return route(head, on: listener, request, Caller(names.map(Self.identity)), evidence, explanation)
    }

    /// The policies that the request would be under; nil when it would not come to a route.
    package func policy(for request: Request) -> CompiledPolicy? {
        let (authority, target) = Self.split(request.url)
        guard
            case .success(let head) = Self.parse(
                request, authority: authority, target: target, limits: configuration.limits),
            let listener = listener(for: request, authority: authority),
            case .route(let route)? = RouteTable(configuration).routes(of: listener.name)?.route(head)
        else { return nil }
        return route.policy
    }

    // MARK: who

    /// The names that a certificate proves; nil for a client that shows none. What needs a token or key is not proved
    /// by saying so.
    private func certificateNames(
        of request: Request, _ mode: ClientCertificates.Mode, host: String, _ explanation: inout RouteExplanation
    ) -> [String]? {
        guard let given = request.identity else { return nil }
        guard mode != .none else {
            explanation.note("no client is asked for a certificate for \(host)")
            return nil
        }
        var names: [String] = []
        var hasCertificate = false
        for name in given {
            let rule = configuration.identities.first { $0.name == name }
            let isProvedLater = rule?.needsCredentials ?? false
            hasCertificate = hasCertificate || rule?.needsCertificate ?? true
            if isProvedLater { explanation.note("\(name) is proved by \(Self.proof(rule))") } else { names.append(name) }
        }
        return hasCertificate ? names : nil
    }

    private static func proof(_ rule: IdentityRule?) -> String {
        let parts = [
            rule?.needsCertificate == true ? "a certificate" : nil,
            rule?.token.map { "a token of \($0.issuer) (--token FILE)" },
            rule?.apiKey.map { "the API key \($0) (--key FILE)" },
        ]
        return parts.compactMap(\.self).joined(separator: " and ")
    }

    // MARK: what

    private func route(
        _ head: RequestHead, on listener: Listener, _ request: Request, _ caller: Caller, _ evidence: TrialEvidence,
        _ start: RouteExplanation
    ) -> RouteExplanation {
        var explanation = start
        switch RouteTable(configuration).routes(of: listener.name)?.route(head) ?? .none {
        case .none:
            return explanation.refused(.noRoute, "no route matches host, path and header fields")
        case .methodNotAllowed(let methods):
            return explanation.refused(
                .methodNotAllowed, "the path has routes for \(methods.joined(separator: ", ")) only")
        case .route(let route):
            explanation.route = route.route.name
            explanation.note("route \(route.route.name) is the most specific that matches")
            return decide(head, route, request, caller, evidence, explanation)
        }
    }

    /// In the order of the gateway: whoever asks, who asks, how much, whether who asks may, whether others agree.
    private func decide(
        _ head: RequestHead, _ route: CompiledRoute, _ request: Request, _ caller: Caller, _ evidence: TrialEvidence,
        _ start: RouteExplanation
    ) -> RouteExplanation {
        var (explanation, caller) = (start, caller)
        switch shield(head, from: ClientAddress(bytes: request.address), route.policy, &explanation) {
        case .refused(let reason):
            return explanation.refused(reason, "\(Self.refusing(reason, route.policy)) refuses: \(reason.title)")
        case .answered: return explanation.answered("the gateway answers it itself: 204")
        case .goesOn: break
        }
        if route.policy.asksForCredentials {
            let finding = evidence.identify(head, route.policy, caller)
            for step in finding.steps { explanation.note(step) }
            if let refusal = finding.refusal { return explanation.refused(refusal, "refused: \(refusal.title)") }
            caller = finding.caller
            if let ban = evidence.ban(request.address, caller.names) {
                return explanation.refused(ban.reason, ban.words)
            }
        }
        explanation.count(
            route.policy.limits.limits.map { TrialLimit($0, head, caller, route.route, from: request.address) })
        return authorized(head, route, caller, request, explanation)
    }

    private func authorized(
        _ head: RequestHead, _ route: CompiledRoute, _ caller: Caller, _ request: Request, _ start: RouteExplanation
    ) -> RouteExplanation {
        var explanation = start
        let circumstances = Circumstances(
            head: head, client: ClientAddress(bytes: request.address), caller: caller, groups: configuration.groups,
            session: Self.session, now: UnixTime.seconds())
        switch authorize(route, caller: caller, at: 0, under: { circumstances }) {
        case .refused(let reply):
            let ofRoute: [Reason] = [.identityNotAllowed, .identityRequired, .routeRequiresCertificate]
            guard !ofRoute.contains(reply.reason) else {
                return explanation.refused(reply.reason, whyRefused(route.route, caller))
            }
            explanation.note(route.policy, under: circumstances)
            return explanation.refused(
                reply.reason, "\(Self.refusing(reply.reason, route.policy)) refuses: \(reply.reason.title)")
        case .permitted(let permit):
            explanation.note(whyPermitted(route.route, caller))
            explanation.note(route.policy, under: circumstances)
            explanation.consult(route.policy.consults)
            return explanation.permitted(permit.route.route)
        }
    }

    private enum Shielded {
        case goesOn, answered
        case refused(Reason)
    }

    private func shield(
        _ head: RequestHead, from address: ClientAddress, _ policy: CompiledPolicy,
        _ explanation: inout RouteExplanation
    ) -> Shielded {
        guard !policy.isEmpty else { return .goesOn }
        explanation.note("under the policies \(policy.policies.map(\.name).joined(separator: ", "))")
        if case .respond(let reply) = policy.shield(head, from: address) { return .refused(reply.reason) }
        switch policy.crossOrigin(head) {
        case .refused: return .refused(.crossOriginRefused)
        case .allowed:
            explanation.note("a preflight request, which the gateway answers before it asks who it is")
            return .answered
        case .goOn: return .goesOn
        }
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

    private func whyRefused(_ route: Route, _ caller: Caller) -> String {
        if caller.certificate == nil, route.requiresCertificate {
            return "the route requires a client certificate, and none was presented"
        }
        guard case .identities(let allowed) = route.allow else { return "the route refuses" }
        let list = allowed.isEmpty ? "nobody" : allowed.joined(separator: ", ")
        if caller.isAnonymous { return "the route allows \(list), and no certificate was presented" }
        let names = caller.names.isEmpty ? "nobody by name" : caller.names.joined(separator: ", ")
        return "the route allows \(list); the client is \(names)"
    }

    private func whyPermitted(_ route: Route, _ caller: Caller) -> String {
        guard case .identities(let allowed) = route.allow else { return "the route allows anyone" }
        let matched = caller.names.filter(allowed.contains)
        if !matched.isEmpty { return "the route allows \(matched.joined(separator: ", "))" }
        let ways = allowed.compactMap { group -> String? in
            guard let members = configuration.groups.members(of: group) else { return nil }
            return caller.names.first(where: members.contains).map { "\(group), and \($0) is in it" }
        }
        return "the route allows " + ways.joined(separator: "; ")
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
