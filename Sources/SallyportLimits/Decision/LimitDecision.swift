import SallyportConfig

/// What all limits of a request said together.
package struct LimitDecision: Sendable {
    package var verdict: Verdict
    /// One for each limit, in the order of the plan.
    package var states: [LimitState]
    /// To be put to the shared counters now.
    package var questions: [LeaseRequest] = []
    /// Positions in the plan of limits that know nothing yet.
    package var unknown: [Int] = []
    /// What ends with the request; hold it until then.
    package var hold: LimitHold?

    package enum Verdict: Sendable, Hashable {
        case admitted
        case refused
        /// Nothing was taken. Leases of the `unknown` limits are under way: ask again when the first is there, and
        /// without the cluster when it does not come in time.
        case pending
    }

    /// The limits that refuse, shadows left out.
    package var refusing: [LimitState] { states.filter { !$0.isAdmitted && !$0.isShadow } }

    /// Limits in shadow mode that would have refused.
    package var shadowed: [LimitState] { states.filter { !$0.isAdmitted && $0.isShadow } }

    /// Nanoseconds after which all that refuse would admit; 0 where that cannot be known.
    package var retryAfter: UInt64 { refusing.map(\.retryAfter).max() ?? 0 }
}

/// What one limit said.
package struct LimitState: Sendable {
    package let bound: BoundLimit
    package var isAdmitted: Bool
    /// What a caller may do at once, or in the window.
    package var limit: UInt64
    package var remaining: UInt64
    /// Nanoseconds until all of it is there again.
    package var untilFull: UInt64
    /// Nanoseconds until a request that was refused would be admitted; 0 where that cannot be known.
    package var retryAfter: UInt64
    package var cause: Cause

    package var name: String { bound.rule.name }
    package var isShadow: Bool { bound.rule.isShadow }
    package var quota: RateLimit.Quota { bound.rule.quota }

    package enum Cause: Sendable, Hashable {
        case quota
        /// The shared counters cannot be asked, and the rule wants nobody in then.
        case clusterAway
        /// There is no place for one more caller.
        case full
    }
}

/// A question to the shared counters, and where the answer goes.
package struct LeaseRequest: Sendable {
    package let limiter: Limiter
    package let key: LimitKey
    /// What the caller is called in the shared counters.
    package let name: String
    package let question: LeaseQuestion
}

/// Whether the shared counters can be asked, and how many gateways share them.
package struct ClusterView: Sendable, Hashable {
    package var isReachable: Bool
    /// At least 1.
    package var gateways: Int

    package init(isReachable: Bool, gateways: Int) {
        self.isReachable = isReachable
        self.gateways = gateways
    }

    /// There is no cluster, or it did not answer this request in time.
    package static let unreachable = ClusterView(isReachable: false, gateways: 1)
}

/// Places under limits of concurrency. They are given back when this is let go of, so that no way for a request to
/// end can forget it; a class because it hangs on an exchange and must not be copied into a second one.
package final class LimitHold: Sendable {
    private let places: [(limiter: Limiter, key: LimitKey)]

    init(_ places: [(limiter: Limiter, key: LimitKey)]) {
        self.places = places
    }

    deinit {
        for (limiter, key) in places {
            limiter.table.withKnownState(of: key) { $0.first -= $0.first > 0 ? 1 : 0 }
        }
    }
}
