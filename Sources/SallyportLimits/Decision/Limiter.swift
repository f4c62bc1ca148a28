import SallyportConfig
import Synchronization

/// The state of one limit: whom it has seen, and what they did. It outlives generations for as long as the rule
/// counts the same things in the same way.
package final class Limiter: Sendable {
    /// Where locks of several limits are taken, they are taken in this order.
    let order: Int
    let quota: Quota
    /// As it stands in the file.
    package let counted: RateLimit.Quota
    /// What is counted here: all of a local limit, and of one of the cluster while the cluster cannot be asked.
    let table: LimitTable
    /// Of a limit of the cluster.
    package let leases: LeaseTable?
    private let refusals = Atomic<Int>(0)
    private let admissions = Atomic<Int>(0)

    private static let made = Atomic<Int>(0)

    package init(_ rule: RateLimit, memory: LimitMemory) {
        order = Self.made.add(1, ordering: .relaxed).newValue
        quota = Quota(rule.quota)
        counted = rule.quota
        table = LimitTable(memory: memory)
        leases = rule.scope == .cluster ? LeaseTable(LeaseTerms(quota)) : nil
    }

    func countAdmission() { admissions.add(1, ordering: .relaxed) }
    func countRefusal() { refusals.add(1, ordering: .relaxed) }

    /// Requests that it refused, or would have refused in shadow mode.
    package var refused: Int { refusals.load(ordering: .relaxed) }

    /// Requests that it had nothing against.
    package var admitted: Int { admissions.load(ordering: .relaxed) }

    /// Callers that had to be forgotten while they still counted.
    package var lostEntries: Int { table.lostEntries }

    /// Callers that are remembered here.
    package var callers: Int { table.count }
}

/// The limiters of a process by what they count, so that a reload does not give everybody a new quota.
package final class LimiterRegistry: Sendable {
    /// What must be the same for the counts to go on.
    private struct Subject: Hashable {
        let policy: String
        let name: String
        let by: [RateLimit.Partition]
        let quota: RateLimit.Quota
        let scope: RateLimit.Scope

        init(_ rule: RateLimit, of policy: String) {
            self.policy = policy
            name = rule.name
            by = rule.by
            quota = rule.quota
            scope = rule.scope
        }
    }

    private struct Weak {
        weak var limiter: Limiter?
    }

    private let known = Mutex<[Subject: Weak]>([:])
    package let memory: LimitMemory
    /// The secret of the keys of this process.
    package let hashKey: SipHash.Key

    package init(memory: LimitMemory = LimitMemory(), hashKey: SipHash.Key = .random()) {
        self.memory = memory
        self.hashKey = hashKey
    }

    /// The limiter that counts this already, or a new one. It lives as long as a generation holds it.
    package func limiter(_ rule: RateLimit, of policy: String) -> Limiter {
        known.withLock { known in
            let subject = Subject(rule, of: policy)
            if let limiter = known[subject]?.limiter { return limiter }
            known = known.filter { $0.value.limiter != nil }
            let limiter = Limiter(rule, memory: memory)
            known[subject] = Weak(limiter: limiter)
            return limiter
        }
    }

    /// All limits of these policies as one.
    package func plan(_ policies: [Policy]) -> LimitPlan {
        LimitPlan(
            policies.flatMap { policy in
                policy.rateLimits.map { BoundLimit($0, of: policy.name, limiter($0, of: policy.name)) }
            }, hashKey: hashKey)
    }

    /// All that some generation holds.
    package var limiters: [Limiter] { known.withLock { $0.values.compactMap(\.limiter) } }
}
