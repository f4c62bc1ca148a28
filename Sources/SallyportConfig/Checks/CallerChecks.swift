import SallyportModel
import SallyportPolicy

/// How callers of a route can prove who they are: what its policies read, and what its listeners ask for.
struct RouteProofs {
    /// Issuers of tokens that are read.
    let issuers: Set<String>
    let takesKeys: Bool
    let takesCertificates: Bool

    init(_ policies: [Policy], _ clients: [ClientCertificates]?) {
        issuers = Set(policies.flatMap { [$0.jwt?.issuer, $0.introspection?.issuer].compactMap(\.self) })
        takesKeys = policies.contains(where: \.needsAPIKey)
        takesCertificates = clients?.contains { $0.mode != .none } ?? true
    }

    /// What no request of the route has.
    var absent: Set<FactGroup> {
        var absent: Set<FactGroup> = []
        if issuers.isEmpty { absent.insert(.token) }
        if !takesKeys { absent.insert(.key) }
        if !takesCertificates { absent.insert(.certificate) }
        if absent.count == 3 { absent.insert(.identity) }
        return absent
    }

    /// Why nobody can be known by this name; nil when somebody can.
    /// - Parameter rule: nil for a client of the built-in authority.
    func obstacle(_ rule: IdentityRule?) -> (words: String, help: String)? {
        if let issuer = rule?.token?.issuer, !issuers.contains(issuer) {
            return (
                "no policy of the route reads tokens of \(issuer)",
                "add a policy with jwt: { issuer: \"\(issuer)\", audience: […] }"
            )
        }
        if rule?.apiKey != nil, !takesKeys {
            return ("no policy of the route takes API keys", "add a policy with apiKeys: true")
        }
        if rule?.needsCertificate ?? true, !takesCertificates {
            return (
                "no client shows a certificate on this route's listener",
                "use a TLS profile with mode: require or optional for the listener or the host"
            )
        }
        return nil
    }
}

// Whether what a route asks of its callers can be met at all.
extension ConfigurationCheck {
    func warnOfCallers(_ route: RouteDraft, _ clients: [ClientCertificates]?) {
        if session.hasErrors { return }
        let policies = [Policy.baseline] + route.policies.map(\.value).filter { $0 != Policy.baseline }
        let effective = policies.compactMap { name in self.policies.first { $0.name == name } }
        let proofs = RouteProofs(effective, clients)
        if case .identities(let names)? = route.allow?.value {
            for name in names { warnOfObstacle(name, proofs) }
        }
        for policy in effective {
            let place = route.policies.first { $0.value == policy.name }
            warnOfConditions(policy, proofs, at: place?.span ?? route.place, path: place?.path)
        }
        warnOfPreflight(effective, route, clients)
    }

    /// Of a group it is enough that one member can come: the same group serves several routes.
    private func warnOfObstacle(_ name: Located<String>, _ proofs: RouteProofs) {
        let members = groups.members(of: name.value) ?? [name.value]
        let obstacles = members.map { member in proofs.obstacle(identities.first { $0.name == member }) }
        guard let first = obstacles.first, let obstacle = first, obstacles.allSatisfy({ $0 != nil }) else { return }
        let words =
            isGroup(name.value)
            ? "nobody of the group `\(name.value)` can be proved here" : "`\(name.value)` can never be proved here"
        session.warn(
            proofs.takesCertificates ? .identityNeverProved : .certificateNeverShown,
            words, at: name.span, label: obstacle.words, help: [obstacle.help],
            path: name.path)
    }

    // MARK: conditions

    private func warnOfConditions(_ policy: Policy, _ proofs: RouteProofs, at span: Span, path: KeyPath?) {
        for (condition, needed) in [(policy.when, OutcomeSet.holds), (policy.deny, .fails)] {
            guard let condition else { continue }
            let isHopeless =
                condition.outcomes().contains(needed) && !condition.outcomes(without: proofs.absent).contains(needed)
            guard isHopeless || condition.needs(proofs.absent) else { continue }
            let asked = condition.asked(of: proofs.absent)
            let keyword = "`\(needed == .holds ? "when" : "deny")` of `\(policy.name)`"
            let missing = asked.map(\.rawValue).joined(separator: " and ")
            session.warn(
                .credentialNeverRead,
                isHopeless
                    ? "\(keyword) lets no request of this route through"
                    : "\(keyword) asks for the \(missing), which no request of this route has",
                at: span, label: asked.map(Self.absence).joined(separator: "; "),
                help: ["add a policy that reads it, or ask has(…) first"], path: path)
        }
    }

    private static func absence(_ group: FactGroup) -> String {
        switch group {
        case .token: "no policy of the route reads tokens"
        case .key: "no policy of the route takes API keys"
        case .certificate: "no client shows a certificate on this route's listener"
        case .identity: "nobody proves who they are here"
        }
    }

    /// What can be said of a condition wherever it is used.
    func warnOfConstants(_ condition: Located<Condition>, isDenial: Bool) {
        for (name, range) in condition.value.namedGroups where draft.groups != nil && !isGroup(name) {
            reference(
                Located(value: name, span: part(range, condition), path: condition.path), to: "a group",
                known: groupNames.sorted(), section: "groups")
        }
        let (outcomes, needed) = (condition.value.outcomes(), isDenial ? OutcomeSet.fails : .holds)
        if !outcomes.contains(needed) || outcomes == needed {
            return session.warn(
                .conditionConstant,
                "the condition lets \(outcomes == needed ? "everybody" : "nobody") through", at: condition.span,
                label: Self.words(outcomes), help: ["numbers: time.hour 0 to 23, time.minute 0 to 59"],
                path: condition.path)
        }
        for constant in condition.value.constants {
            session.warn(
                .conditionConstant, "`\(constant.text)` \(constant.holds ? "always" : "never") holds",
                at: part(constant.range, condition), path: condition.path)
        }
    }

    private static func words(_ outcomes: OutcomeSet) -> String {
        if outcomes == .holds { return "it always holds" }
        if outcomes == .fails { return "it never holds" }
        return outcomes.contains(.holds) ? "it never fails" : "it never holds"
    }

    private func part(_ range: Range<Int>, _ condition: Located<Condition>) -> Span {
        session.part(range, of: condition.value.text, at: condition.span)
    }

    // MARK: browsers

    /// A preflight request comes without credentials, client certificates included (Fetch standard, CORS protocol).
    private func warnOfPreflight(_ policies: [Policy], _ route: RouteDraft, _ clients: [ClientCertificates]?) {
        guard let policy = policies.first(where: { $0.cors != nil }), let clients,
            clients.contains(where: { $0.mode == .require })
        else { return }
        let place = route.policies.first { $0.value == policy.name }
        session.warn(
            .preflightNeverArrives, "`cors` of `\(policy.name)` is never asked here: preflight requests come without a certificate",
            at: place?.span ?? route.place, label: "the listener requires client certificates",
            help: ["use a TLS profile with clientCertificates mode: optional, and keep `allow`"], path: place?.path)
    }
}
