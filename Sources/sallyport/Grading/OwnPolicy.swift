import SallyportConfig

/// One set of TLS rules at a listener: the listener's own, or those of some of its hosts.
struct OwnPolicy {
    let listener: Listener
    /// Such as `listener main, host api.example.org (profile strict)`.
    let subject: String
    let certificates: [ServerCertificate]
    let profile: TLSProfile
    /// How a client comes to these rules; nil when no client does.
    let greeting: Greeting?

    enum Listener: Equatable {
        case named(String)
        case admin
    }

    enum Greeting: Equatable {
        /// SNI.
        case name(String)
        case withoutName
    }

    /// Stands for the star of a wildcard.
    static let label = "www"
    private static let shownHosts = 3

    /// Every set of rules of the listener, its own first.
    ///
    /// - Parameter wanted: the server name to ask with where it leads to the rules.
    static func all(
        of listener: String, _ tls: ListenerTLS, profiles: [String: TLSProfile], wanted: String?
    ) -> [OwnPolicy] {
        let plan = ListenerTLSPlan(tls)
        return plan.policies(reachedBy: .any).map { id in
            let policy = plan[id]
            let hosts = id == .listener ? [] : plan.entries(of: id, reachedBy: .any)
            return OwnPolicy(
                listener: .named(listener), subject: subject(listener, hosts, profile: policy.profile),
                certificates: policy.certificates,
                profile: profiles[policy.profile] ?? TLSProfile(),
                greeting: greeting(id, plan, hosts, policy, wanted))
        }
    }

    /// The admin listener has rules that no file changes.
    static func admin(_ admin: Admin) -> OwnPolicy {
        OwnPolicy(
            listener: .admin, subject: "admin listener (profile \(Admin.base.rawValue))",
            certificates: [.builtin(names: admin.names)],
            profile: TLSProfile(base: Admin.base), greeting: .withoutName)
    }

    private static func subject(_ listener: String, _ hosts: [HostPattern], profile: String) -> String {
        var names = hosts.prefix(shownHosts).map(\.text)
        if hosts.count > shownHosts { names.append("\(hosts.count - shownHosts) more") }
        let place = names.isEmpty ? "" : ", host \(names.joined(separator: ", "))"
        return "listener \(listener)\(place) (profile \(profile))"
    }

    private static func greeting(
        _ id: HostPolicyID, _ plan: ListenerTLSPlan, _ hosts: [HostPattern], _ policy: ListenerTLSPlan.Policy,
        _ wanted: String?
    ) -> Greeting? {
        let names = (wanted.map { [$0.lowercased()] } ?? []) + hosts.compactMap(name) + policy.certificates.flatMap(OwnCertificate.serverNames)
        if let name = names.first(where: { plan.policy(serverName: $0) == id }) { return .name(name) }
        return plan.policy(serverName: nil) == id ? .withoutName : nil
    }

    private static func name(of host: HostPattern) -> String? {
        switch host {
        case .exact(let name): name
        case .wildcard(let suffix): "\(label).\(suffix)"
        case .any: nil
        }
    }
}
