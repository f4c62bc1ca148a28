/// What the handshakes of the listeners ask of the clients that a route may meet.
struct RouteClients {
    /// A policy that connections on which the route is used may be under.
    struct Met {
        var listener: String
        var policy: ListenerTLSPlan.Policy
        var clients: ClientCertificates
    }

    private let plans: [String: ListenerTLSPlan]
    private let profiles: [String: TLSProfile]

    init(_ listeners: [Listener], _ profiles: [String: TLSProfile]) {
        var plans: [String: ListenerTLSPlan] = [:]
        for listener in listeners {
            guard case .tls(let tls) = listener.kind else { continue }
            plans[listener.name] = ListenerTLSPlan(tls)
        }
        self.plans = plans
        self.profiles = profiles
    }

    /// Whether clients of the built-in authority are let in anywhere; a profile that is bad may be where.
    var trustBuiltin: Bool {
        plans.values.flatMap(\.policies).contains { policy in
            guard let clients = profiles[policy.profile]?.clientCertificates else { return true }
            return clients.mode != .none && clients.trust.contains(Builtin.authority)
        }
    }

    /// What a route for these hosts meets on a listener; nil when listener or profile are not known.
    func met(by pattern: HostPattern, on listener: String) -> [Met]? {
        guard let plan = plans[listener] else { return nil }
        var found: [Met] = []
        for id in plan.policies(reachedBy: pattern) {
            guard let profile = profiles[plan[id].profile] else { return nil }
            found.append(Met(listener: listener, policy: plan[id], clients: profile.clientCertificates))
        }
        return found
    }
}
