import SallyportConfig

/// A rule and the state that it decides over. A class: each decision about each request refers to it.
package final class BoundLimit: Sendable {
    /// The policy that it stands in.
    package let policy: String
    package let rule: RateLimit
    package let limiter: Limiter
    let countsBytes: Bool
    /// What responses say of it whoever asks.
    let text: LimitFieldText

    package init(_ rule: RateLimit, of policy: String, _ limiter: Limiter) {
        self.policy = policy
        self.rule = rule
        self.limiter = limiter
        countsBytes = if case .rate(let rate, _) = rule.quota { rate.unit == .bytes } else { false }
        text = LimitFieldText(rule, most: limiter.quota.limit)
    }

    /// Alone, or its share of what the cluster grants.
    func quota(_ cluster: ClusterView) -> Quota {
        limiter.leases == nil ? limiter.quota : limiter.quota.share(of: cluster.gateways)
    }
}
