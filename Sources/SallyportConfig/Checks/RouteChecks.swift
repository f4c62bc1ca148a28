import SallyportModel

extension ConfigurationCheck {
    mutating func routes(_ clients: RouteClients, upstreams: inout [String: Upstream]) -> [Route] {
        if !draft.hasRoutes && draft.acme == nil && draft.enrolment == nil && !session.hasErrors {
            session.warn(.noRoutes, "there is no route, so every request is answered 404", at: nil)
        }
        reportNamesTwice()
        var routes: [Route] = []
        var coverage = RouteCoverage(listeners: tlsListenerNames)
        for (index, entry) in draft.routes.enumerated() {
            guard let route = route(entry, index, clients, &upstreams) else { continue }
            reportUnreachable(route, entry, &coverage)
            routes.append(route)
        }
        return routes
    }

    private func reportNamesTwice() {
        var names: [String: Span] = [:]
        for route in draft.routes {
            guard let name = route.value.name else { continue }
            if let first = names.updateValue(name.span, forKey: name.value) {
                session.report(
                    .nameTwice, "route name `\(name.value)` is used twice", at: name.span, label: "again here",
                    path: name.path, related: (first, "first here"))
            }
        }
    }

    private mutating func route(
        _ entry: Located<RouteDraft>, _ index: Int, _ rules: RouteClients, _ upstreams: inout [String: Upstream]
    ) -> Route? {
        let draft = entry.value
        if let listener = draft.listener { checkListener(listener) }
        let met = policies(of: draft, rules)
        let clients = met?.map(\.clients)
        let allow = allow(draft, entry.path, clients)
        let requiresCertificate = requiresCertificate(draft, met)
        let upstream = upstream(draft, &upstreams)
        guard let match = draft.match?.value else { return nil }
        let path = match.path?.value ?? MatchSection.path.defaultValue
        for method in match.methods { warnOfMethod(method) }
        warnOfHost(match.host, met)
        let forward = forward(draft.forward?.value, path, at: match.path?.span, clients)
        let policies = policyNames(draft.policies)
        refuseTwoCrossOrigins(policies, draft.policies)
        warnOfCallers(draft, clients)
        let (split, mirror) = (split(draft.split, of: draft.destination), mirror(draft.mirror, of: draft.destination))
        guard upstream != nil || draft.redirect != nil, draft.isSound else { return nil }
        var route = Route(
            name: draft.name?.value ?? "routes[\(index)]", listener: draft.listener?.value,
            match: RouteMatch(
                host: match.host?.value ?? .any, path: path, methods: match.methods.map(\.value),
                headers: match.headers),
            allow: allow, requiresCertificate: requiresCertificate, forward: forward,
            compress: draft.compress, upstream: upstream)
        route.split = split
        route.mirror = mirror
        route.policies = policies
        route.redirect = draft.redirect
        return route
    }

    // MARK: Listeners

    private var tlsListenerNames: [String] {
        (draft.listeners ?? []).filter { entry in
            if let listener = entry.value, case .redirect = listener.kind { return false }
            return true
        }.map(\.name)
    }

    private func checkListener(_ name: Located<String>) {
        reference(name, to: "a listener", known: draft.listeners?.map(\.name), section: "listeners")
        guard let listener = draft.listeners?.first(where: { $0.name == name.value })?.value else { return }
        if case .redirect = listener.kind {
            session.report(
                .notATLSListener, "listener `\(name.value)` only redirects, so the route is never asked",
                at: name.span, help: ["name a listener with `tls`"], path: name.path)
        }
    }

    /// What a route may be under: listener by listener, policy by policy; nil when a listener or profile is bad, so
    /// that nothing can be said about it.
    private func policies(of route: RouteDraft, _ rules: RouteClients) -> [RouteClients.Met]? {
        guard let listeners = draft.listeners else { return nil }
        var found: [RouteClients.Met] = []
        for entry in listeners where route.listener == nil || entry.name == route.listener?.value {
            guard let listener = entry.value else { return nil }
            guard case .tls = listener.kind else { continue }
            guard let met = rules.met(by: route.match?.value.host?.value ?? .any, on: entry.name) else { return nil }
            found += met
        }
        return found.isEmpty ? nil : found
    }

    // MARK: Who

    private mutating func allow(
        _ route: RouteDraft, _ path: KeyPath, _ clients: [ClientCertificates]?
    ) -> Allow {
        switch route.allow?.value {
        case .anyone:
            accept(
                "whoever the listener lets in may use the route", route.because, path: path, at: route.allow?.span,
                fix: "add `because: \"…\"` to the route, or list identities")
            return .anyone
        case .identities(let names):
            accept(nil, route.because, path: path, at: nil, fix: "")
            let trustsBuiltin = clients?.contains { $0.mode != .none && $0.trust.contains(Builtin.authority) } ?? true
            for name in names { checkAllowed(name, trustsBuiltin || isWithoutCertificates(clients)) }
            return .identities(names.map(\.value))
        case nil:
            if route.isSound {
                session.warn(
                    .nobodyAllowed, "the route allows nobody", at: route.place,
                    help: ["add allow: [NAME], or allow: [] if nobody is meant"], path: path)
            }
            return .identities([])
        }
    }

    private func checkAllowed(_ name: Located<String>, _ trustsBuiltin: Bool) {
        if name.value == "anyone" {
            session.report(
                .reservedName, "`anyone` stands alone, not in a list", at: name.span, help: ["write allow: anyone"],
                path: name.path)
        } else {
            identityOrGroup(name, trustsBuiltin: trustsBuiltin)
        }
    }

    private func isWithoutCertificates(_ clients: [ClientCertificates]?) -> Bool {
        clients?.allSatisfy { $0.mode == .none } ?? false
    }

    /// A route may ask for more than the handshake did, never for less: by then the client is in.
    private func requiresCertificate(_ route: RouteDraft, _ met: [RouteClients.Met]?) -> Bool {
        guard let demand = route.clientCertificate else { return false }
        guard demand.value == .require else {
            session.report(
                .routeLoosens, "a route cannot loosen what the handshake asks of clients", at: demand.span,
                label: "only require",
                help: [
                    "give the host a profile with mode: \(demand.value.rawValue) in `listeners.NAME.tls.hosts`, and "
                        + "remove this key"
                ], path: demand.path)
            return false
        }
        if isWithoutCertificates(met?.map(\.clients)) {
            session.report(
                .requiredWhereNeverAsked, "no client is asked for a certificate where this route is, so nobody passes",
                at: demand.span, label: "mode none",
                help: ["use a profile with mode: optional or require for the listener or the host"], path: demand.path)
        }
        return true
    }

    // MARK: Where

    private func upstream(_ route: RouteDraft, _ upstreams: inout [String: Upstream]) -> String? {
        guard let destination = route.destination else { return nil }
        switch destination.value {
        case .upstream(let name):
            let located = Located(value: name, span: destination.span, path: destination.path)
            reference(located, to: "an upstream", known: draft.upstreams?.map(\.name), section: "upstreams")
            return name
        case .target(let target):
            warnOfPlaintext(Located(value: target, span: destination.span, path: destination.path))
            upstreams[target.url] = Upstream(name: target.url, targets: [target])
            return target.url
        }
    }

    private func forward(
        _ forward: ForwardDraft?, _ path: PathPattern, at span: Span?, _ clients: [ClientCertificates]?
    ) -> Forward {
        if let prefix = forward?.stripPrefix { checkPrefix(prefix, path, at: span) }
        let headers = forward?.clientCertificate
        if let headers, !headers.value.isEmpty, isWithoutCertificates(clients) {
            session.warn(
                .withoutEffect, "no client shows a certificate on this route's listener", at: headers.span,
                path: headers.path)
        }
        return Forward(
            stripPrefix: forward?.stripPrefix?.value, addPrefix: forward?.addPrefix, clientCertificate: headers?.value.map(\.value) ?? [])
    }

    private func checkPrefix(_ prefix: Located<String>, _ path: PathPattern, at span: Span?) {
        let fixed =
            switch path {
            case .exact(let text), .prefix(let text): text
            }
        if fixed == prefix.value || fixed.hasPrefix(prefix.value + "/") { return }
        session.report(
            .stripPrefixMismatch, "`\(prefix.value)` is not the front part of `\(path.text)`", at: prefix.span,
            label: "not every matching path starts with it", path: prefix.path,
            related: span.map { ($0, "the path that is matched") })
    }

    // MARK: Warnings

    private func warnOfMethod(_ method: Located<String>) {
        if Methods.registered.contains(method.value) { return }
        guard let near = Spelling.nearest(to: method.value, among: Methods.registered) else { return }
        session.warn(
            .methodLooksMisspelt, "\(method.value) is not a registered method", at: method.span,
            help: ["did you mean \(near)?"], path: method.path)
    }

    /// Only certificates that the built-in authority issues are looked at here: their names stand in the file.
    private func warnOfHost(_ host: Located<HostPattern>?, _ met: [RouteClients.Met]?) {
        guard let host, let met else { return }
        var certificates: [[String]] = []
        for certificate in met.flatMap(\.policy.certificates) {
            guard let names = certificate.namesInFile else { return }
            certificates.append(names)
        }
        if certificates.contains(where: { CertificateNames($0).meet(host.value) }) { return }
        session.warn(
            .hostNotInCertificate, "\(host.value.text) is not among the names of the listener's certificate",
            at: host.span, label: "certificate: " + certificates.joined().joined(separator: ", "),
            help: ["add it to `tls.names` of the listener"], path: host.path)
    }

    private func reportUnreachable(_ route: Route, _ entry: Located<RouteDraft>, _ coverage: inout RouteCoverage) {
        guard let hidden = coverage.add(route, at: entry.value.place) else { return }
        session.report(
            .unreachableRoute, "route `\(route.name)` can never be reached: \(hidden.words)", at: entry.value.place,
            label: "never asked", path: entry.path, related: (hidden.span, "takes its requests"))
    }
}
