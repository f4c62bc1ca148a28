/// Which rules hold for which server name at one listener: a pure function of the name.
///
/// The most specific entry of `hosts` wins whatever the order of the file: the exact name, then the wildcard, then the
/// listener's own rules. The same function is asked for the server name of a ClientHello and for the host of a request,
/// so that the two can be compared. Entries that say the same are one policy.
package struct ListenerTLSPlan: Sendable {
    /// What a handshake is made under.
    package struct Policy: Sendable, Hashable {
        /// A key of `Configuration.tlsProfiles`.
        package let profile: String
        /// At least one, most wanted first.
        package let certificates: [ServerCertificate]
    }

    /// The listener's own first. `HostPolicyID.index` is the position.
    package let policies: [Policy]
    /// In the order of the file.
    private let entries: [(host: HostPattern, policy: HostPolicyID)]
    private let exact: [String: HostPolicyID]
    private let wildcard: [String: HostPolicyID]
    /// Policies of exact names by what follows their first label.
    private let below: [String: Set<HostPolicyID>]
    private let withoutServerName: MissingServerName

    package init(_ tls: ListenerTLS) {
        let own = Policy(profile: tls.profile, certificates: tls.certificates)
        var policies = [own]
        var known = [own: HostPolicyID.listener]
        var entries: [(host: HostPattern, policy: HostPolicyID)] = []
        var exact: [String: HostPolicyID] = [:]
        var wildcard: [String: HostPolicyID] = [:]
        var below: [String: Set<HostPolicyID>] = [:]
        for entry in tls.hosts {
            let certificates = entry.certificates.isEmpty ? tls.certificates : entry.certificates
            let policy = Policy(profile: entry.profile, certificates: certificates)
            let id = known[policy] ?? HostPolicyID(index: policies.count)
            if known.updateValue(id, forKey: policy) == nil { policies.append(policy) }
            entries.append((entry.host, id))
            switch entry.host {
            case .any: continue
            case .wildcard(let suffix): wildcard[suffix] = id
            case .exact(let host):
                exact[host] = id
                below[Self.parent(of: host), default: []].insert(id)
            }
        }
        self.policies = policies
        self.entries = entries
        self.exact = exact
        self.wildcard = wildcard
        self.below = below
        withoutServerName = tls.withoutServerName
    }

    package subscript(id: HostPolicyID) -> Policy { policies[id.index] }

    /// The rules for a ClientHello; nil: none, it is refused.
    ///
    /// A name without an entry gets the listener's own rules. Whether a certificate of them bears the name is the
    /// caller's to ask.
    /// - Parameter serverName: Lower-case, without trailing dot; nil when there is none.
    package func policy(serverName: String?) -> HostPolicyID? {
        guard let serverName else { return withoutServerName == .listener ? .listener : nil }
        return policy(host: serverName)
    }

    /// The rules that a request for the host is under.
    ///
    /// - Parameter host: Lower-case, without port and trailing dot.
    package func policy(host: String) -> HostPolicyID {
        if exact.isEmpty && wildcard.isEmpty { return .listener }
        return exact[host] ?? wildcard[Self.parent(of: host)] ?? .listener
    }

    /// The rules that some request for a host of this pattern may be under, in the order of `policies`.
    package func policies(reachedBy pattern: HostPattern) -> [HostPolicyID] {
        switch pattern {
        case .exact(let host): return [policy(host: host)]
        case .wildcard(let suffix):
            let found = below[suffix, default: []].union([wildcard[suffix] ?? .listener])
            return found.sorted { $0.index < $1.index }
        case .any: return policies.indices.map(HostPolicyID.init)
        }
    }

    /// The entries through which a request for a host of this pattern comes under a policy, in the order of the file.
    /// None for hosts without an entry, which are under the listener's own.
    package func entries(of policy: HostPolicyID, reachedBy pattern: HostPattern) -> [HostPattern] {
        let under = entries.filter { $0.policy == policy }.map(\.host)
        switch pattern {
        case .any: return under
        case .exact(let host):
            let wins: HostPattern = exact[host] != nil ? .exact(host) : .wildcard(Self.parent(of: host))
            return under.filter { $0 == wins }
        case .wildcard(let suffix):
            return under.filter { entry in
                switch entry {
                case .any: false
                case .exact(let host): Self.parent(of: host) == suffix
                case .wildcard(let other): other == suffix
                }
            }
        }
    }

    /// The host without its first label; empty, which is no wildcard's, when there is none.
    private static func parent(of host: String) -> String {
        guard let dot = host.firstIndex(of: "."), dot != host.startIndex else { return "" }
        return String(host[host.index(after: dot)...])
    }
}
