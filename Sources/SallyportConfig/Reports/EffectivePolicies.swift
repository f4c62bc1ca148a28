import SallyportModel

/// What holds on each route in the end, for `check --policies`: listener, match, who, client certificate, limits,
/// upstream. A route stands once for each listener it can be reached on, and there once for each set of TLS rules.
package enum EffectivePolicies {
    package static func text(_ configuration: Configuration) -> String {
        rows(configuration).map { row in
            row.title + "\n" + row.lines.map { "  \(padded($0.name)) \(TextStyle.escaped($0.words))\n" }.joined()
        }.joined(separator: "\n")
    }

    package static func json(_ configuration: Configuration) -> String {
        JSONValue.array(rows(configuration).map(\.json)).pretty + "\n"
    }

    private static func padded(_ name: String) -> String {
        name + String(repeating: " ", count: max(0, 19 - name.count))
    }

    private static func rows(_ configuration: Configuration) -> [Row] {
        let plans = configuration.listeners.compactMap { listener -> (Listener, ListenerTLSPlan)? in
            guard case .tls(let tls) = listener.kind else { return nil }
            return (listener, ListenerTLSPlan(tls))
        }
        return configuration.routes.flatMap { route in
            plans.filter { route.listener == nil || route.listener == $0.0.name }.flatMap { listener, plan in
                plan.policies(reachedBy: route.match.host).map { Row(route, listener, plan, $0, configuration) }
            }
        }
    }

    private struct Row {
        let route: Route
        let listener: Listener
        /// Nil: the listener has one set of rules for every name.
        let serverNames: [HostPattern]?
        let isListenersOwn: Bool
        let clients: ClientCertificates
        let profile: String
        let limits: Limits
        /// `baseline` first.
        let policies: [Policy]
        let upstream: Upstream?
        let groups: IdentityGroups

        init(
            _ route: Route, _ listener: Listener, _ plan: ListenerTLSPlan, _ policy: HostPolicyID,
            _ configuration: Configuration
        ) {
            self.route = route
            self.listener = listener
            serverNames = plan.policies.count == 1 ? nil : plan.entries(of: policy, reachedBy: route.match.host)
            isListenersOwn = policy == .listener
            profile = plan[policy].profile
            clients = (configuration.tlsProfiles[profile] ?? TLSProfile()).clientCertificates
            limits = configuration.limits
            groups = configuration.groups
            policies = configuration.policies(of: route)
            upstream = route.upstream.flatMap { configuration.upstreams[$0] }
        }

        var title: String { "route \(route.name)" }

        var lines: [(name: String, words: String)] {
            (match + demands + [("upstream", target)]).filter { !$0.words.isEmpty }
        }

        private var match: [(name: String, words: String)] {
            [
                ("listener", "\(listener.name) (\(listener.address.text))"),
                ("TLS rules of", rules),
                ("host", route.match.host.text),
                ("path", route.match.path.text),
                ("methods", methods),
                ("headers", headers),
                ("allow", who),
                ("client certificate", certificate),
                ("limits", limitsText),
                ("forward", prefixes),
            ]
        }

        /// What each policy demands, under its name.
        private var demands: [(name: String, words: String)] {
            policies.flatMap { policy in
                PolicyWords.lines(policy).map { ("policy \(policy.name)", "\($0.name): \($0.words)") }
            }
        }

        private var methods: String {
            route.match.methods.isEmpty ? "every method" : route.match.methods.joined(separator: ", ")
        }

        private var headers: String {
            route.match.headers.map { "\($0.name): \($0.value)" }.joined(separator: ", ")
        }

        private var who: String {
            switch route.allow {
            case .anyone: "anyone that the listener lets in"
            case .identities(let names): names.isEmpty ? "nobody" : names.map(named).joined(separator: ", ")
            }
        }

        /// A group with whom it holds.
        private func named(_ name: String) -> String {
            guard let members = groups.members(of: name) else { return name }
            return "group \(name) (\(members.isEmpty ? "nobody" : members.joined(separator: ", ")))"
        }

        /// Which entry of `hosts` wins.
        private var rules: String {
            guard let serverNames else { return "" }
            let names = serverNames.map(\.text)
            let all = isListenersOwn ? names + ["every name without an entry in `hosts`"] : names
            return "\(all.joined(separator: ", ")) (profile \(profile))"
        }

        private var certificate: String {
            let trust = "from \(clients.trust.joined(separator: ", "))"
            switch (clients.mode, route.requiresCertificate) {
            case (.none, false): return "none"
            case (.none, true): return "none, and the route requires one: always 403"
            case (.optional, true): return "required by the route, \(trust)"
            case (.optional, false), (.require, _): return "\(clients.mode.rawValue), \(trust)"
            }
        }

        private var prefixes: String {
            [
                route.forward.stripPrefix.map { "without \($0) in front" },
                route.forward.addPrefix.map { "with \($0) in front" },
                route.forward.clientCertificate.isEmpty
                    ? nil : "certificate as " + route.forward.clientCertificate.map(\.rawValue).joined(separator: ", "),
            ].compactMap(\.self).joined(separator: ", ")
        }

        /// Of several policies the smallest holds.
        private var body: Int { policies.compactMap(\.body).reduce(limits.body, min) }

        private var limitsText: String {
            "body \(SizeText.text(body)), headers \(SizeText.text(limits.headers)), "
                + "headerCount \(limits.headerCount)"
        }

        private var target: String {
            if let redirect = route.redirect { return "none: redirect to \(redirect.to) (\(redirect.status))" }
            let name = route.upstream ?? ""
            guard let upstream, upstream.targets.map(\.url) != [name] else { return name }
            return "\(name): " + upstream.targets.map(\.url).joined(separator: ", ")
        }

        var json: JSONValue {
            .members([
                "route": .string(route.name),
                "listener": .string(listener.name),
                "address": .string(listener.address.text),
                "tlsProfile": .string(profile),
                "serverNames": serverNames.map { .strings($0.map(\.text)) },
                "host": .string(route.match.host.text),
                "path": .string(route.match.path.text),
                "methods": .strings(route.match.methods),
                "headers": .object(route.match.headers.map { .init($0.name, .string($0.value)) }),
                "allow": allow,
                "identities": who(route.allow),
                "clientCertificates": .members([
                    "mode": .string(clients.mode.rawValue), "trust": .strings(clients.trust),
                    "maxDepth": .integer(clients.maxDepth), "requiredByRoute": .bool(route.requiresCertificate),
                ]),
                "limits": .members([
                    "body": .integer(body), "headers": .integer(limits.headers),
                    "headerCount": .integer(limits.headerCount),
                ]),
                "policies": .object(policies.map { .init($0.name, EffectiveConfiguration.policy($0, limits: nil)) }),
                "upstream": route.upstream.map(JSONValue.string),
                "redirect": route.redirect.map { .string($0.to) },
                "targets": .strings(upstream?.targets.map(\.url) ?? []),
            ])
        }

        /// With groups replaced by their members; absent where anyone is allowed.
        private func who(_ allow: Allow) -> JSONValue? {
            guard case .identities(let names) = allow else { return nil }
            return .strings(groups.expanded(names))
        }

        private var allow: JSONValue {
            switch route.allow {
            case .anyone: .string("anyone")
            case .identities(let names): .strings(names)
            }
        }
    }
}
