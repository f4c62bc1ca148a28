import SallyportModel

extension ConfigurationCheck {
    mutating func routes(profiles: [String: TLSProfile], upstreams: inout [String: Upstream]) -> [Route] {
        if !draft.hasRoutes && !session.hasErrors {
            session.warn(.noRoutes, "there is no route, so every request is answered 404", at: nil)
        }
        reportNamesTwice()
        var routes: [Route] = []
        var coverage = RouteCoverage(listeners: tlsListenerNames)
        for (index, entry) in draft.routes.enumerated() {
            guard let route = route(entry, index, profiles, &upstreams) else { continue }
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
        _ entry: Located<RouteDraft>, _ index: Int, _ profiles: [String: TLSProfile],
        _ upstreams: inout [String: Upstream]
    ) -> Route? {
        let draft = entry.value
        if let listener = draft.listener { checkListener(listener) }
        let clients = clientCertificates(draft, profiles)
        let allow = allow(draft, entry.path, clients)
        let upstream = upstream(draft, &upstreams)
        guard let match = draft.match?.value else { return nil }
        let path = match.path?.value ?? MatchSection.path.defaultValue
        for method in match.methods { warnOfMethod(method) }
        warnOfHost(match.host, draft)
        let forward = forward(draft.forward?.value, path, at: match.path?.span, clients)
        guard let upstream, draft.isSound else { return nil }
        return Route(
            name: draft.name?.value ?? "routes[\(index)]", listener: draft.listener?.value,
            match: RouteMatch(
                host: match.host?.value ?? .any, path: path, methods: match.methods.map(\.value),
                headers: match.headers),
            allow: allow, forward: forward, upstream: upstream)
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

    /// The listeners on which a route is looked for; nil among them for one that is bad.
    private func listeners(of route: RouteDraft) -> [ListenerDraft?] {
        guard let listeners = draft.listeners else { return [nil] }
        return listeners.filter { route.listener == nil || $0.name == route.listener?.value }.map(\.value)
    }

    /// What the listeners of a route ask of clients; nil when a listener or profile is bad, so that nothing can be
    /// said about it.
    private func clientCertificates(
        _ route: RouteDraft, _ profiles: [String: TLSProfile]
    ) -> [ClientCertificates]? {
        var found: [ClientCertificates] = []
        for listener in listeners(of: route) {
            guard let listener else { return nil }
            guard case .tls(let profile, _) = listener.kind else { continue }
            guard let profile = profiles[profile?.value ?? Builtin.profile] else { return nil }
            found.append(profile.clientCertificates)
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
            warnOfNoCertificate(names, clients)
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
            identityName(name, trustsBuiltin: trustsBuiltin)
        }
    }

    private func isWithoutCertificates(_ clients: [ClientCertificates]?) -> Bool {
        clients?.allSatisfy { $0.mode == .none } ?? false
    }

    private func warnOfNoCertificate(_ names: [Located<String>], _ clients: [ClientCertificates]?) {
        guard let first = names.first, isWithoutCertificates(clients) else { return }
        session.warn(
            .certificateNeverShown, "no client shows a certificate on this route's listener, so nobody passes",
            at: first.span, path: first.path)
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
            stripPrefix: forward?.stripPrefix?.value, clientCertificate: headers?.value.map(\.value) ?? [])
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
    private func warnOfHost(_ host: Located<HostPattern>?, _ route: RouteDraft) {
        guard let host else { return }
        var certificates: [[String]] = []
        for listener in listeners(of: route) {
            guard let listener else { return }
            guard case .tls(_, let certificate) = listener.kind else { continue }
            guard case .builtin(let names) = certificate else { return }
            certificates.append(names)
        }
        guard !certificates.isEmpty else { return }
        if certificates.contains(where: { CertificateNames.cover(host.value, by: $0) }) { return }
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

enum CertificateNames {
    /// Whether some host that the pattern matches is among the names of a certificate (RFC 9525 §6.3).
    static func cover(_ pattern: HostPattern, by names: [String]) -> Bool {
        switch pattern {
        case .any: true
        case .exact(let host):
            names.contains { name in
                name == host || "[\(name)]" == host
                    || name.hasPrefix("*.") && host.split(separator: ".", maxSplits: 1).last == name.dropFirst(2)
            }
        case .wildcard(let suffix):
            names.contains { name in
                name.split(separator: ".", maxSplits: 1).last.map(String.init) == suffix
            }
        }
    }
}
