import SallyportConfig

/// All limits of a route, decided at once: a request goes on under every one of them or is counted by none.
///
/// The callers' states stay locked until all limits have spoken. Every thread takes locks in the same order.
package struct LimitPlan: Sendable {
    /// Without repetitions, in the order of their locks.
    package let limits: [BoundLimit]
    /// Whether bytes of requests and responses have to be reported.
    package let countsBytes: Bool
    /// Whether some limit is shared between gateways.
    package let isShared: Bool
    private let hashKey: SipHash.Key

    /// - Parameter hashKey: The secret of this process.
    package init(_ limits: [BoundLimit], hashKey: SipHash.Key) {
        self.hashKey = hashKey
        countsBytes = limits.contains { $0.countsBytes }
        isShared = limits.contains { $0.limiter.leases != nil }
        var seen: Set<Int> = []
        self.limits = limits.sorted { $0.limiter.order < $1.limiter.order }
            .filter { seen.insert($0.limiter.order).inserted }
    }

    package var isEmpty: Bool { limits.isEmpty }

    /// For the key of one caller.
    package func keyHasher() -> LimitKeyHasher { LimitKeyHasher(hashKey) }

    /// - Parameters:
    ///   - keys: One for each of `limits`, in their order.
    ///   - name: What the caller of a limit is called in the shared counters.
    package func decide(
        _ keys: [LimitKey], at time: LimitTime, cluster: ClusterView, name: (Int) -> String
    ) -> LimitDecision {
        precondition(keys.count == limits.count, "a key for each limit")
        var round = LimitRound(time: time, cluster: cluster, keys: keys)
        _ = visit(0, &round, name)
        return round.decision()
    }

    /// Counts bytes that have passed.
    package func charge(
        _ bytes: Int, _ keys: [LimitKey], at time: LimitTime, cluster: ClusterView, name: (Int) -> String
    ) -> [LeaseRequest] {
        var questions: [LeaseRequest] = []
        for (index, limit) in limits.enumerated() where limit.countsBytes && bytes > 0 {
            let key = keys[index]
            if let leases = limit.limiter.leases, cluster.isReachable {
                let question = leases.withEntry(of: key, now: time.nanoseconds, name: { name(index) }) { entry in
                    entry.bucket.take(UInt64(bytes))
                    return entry.bucket.question(leases.terms, now: time.nanoseconds).map {
                        LeaseRequest(limiter: limit.limiter, key: key, name: entry.name, question: $0)
                    }
                }
                if let question = question ?? nil { questions.append(question) }
            } else {
                let quota = limit.quota(cluster)
                _ = limit.limiter.table.withState(of: key, quota, at: time) { state in
                    state = quota.charge(state, cost: UInt64(bytes), at: time)
                }
            }
        }
        return questions
    }

    // MARK: one limit after the other

    /// - Returns: whether the request goes on, as far as this limit and those behind it are concerned.
    private func visit(_ index: Int, _ round: inout LimitRound, _ name: (Int) -> String) -> Bool {
        guard index < limits.count else { return round.goesOn }
        let limit = limits[index]
        if let goesOn = visit(leasedAt: index, &round, name) { return goesOn }
        if limit.limiter.leases != nil, limit.rule.whenClusterFails != .openLocal {
            return visit(without: limit, index, &round, name)
        }
        let quota = limit.quota(round.cluster)
        let result = limit.limiter.table.withState(of: round.keys[index], quota, at: round.time) { state in
            let check = quota.check(state, cost: limit.countsBytes ? 0 : 1, at: round.time)
            round.note(limit, check, limit: quota.limit)
            let goesOn = visit(index + 1, &round, name)
            if goesOn, check.isAdmitted {
                state = check.after
                if case .concurrent = quota { round.places.append((limit.limiter, round.keys[index])) }
            }
            return goesOn
        }
        return result ?? visit(without: limit, index, &round, name)
    }

    /// Nil: the limit is none of the cluster, or the cluster cannot be asked about one more caller.
    private func visit(leasedAt index: Int, _ round: inout LimitRound, _ name: (Int) -> String) -> Bool? {
        let limit = limits[index]
        guard let leases = limit.limiter.leases, round.cluster.isReachable else { return nil }
        return leases.withEntry(of: round.keys[index], now: round.time.nanoseconds, name: { name(index) }) {
            visit(leased: limit, leases.terms, &$0, index, &round, name)
        }
    }

    private func visit(
        leased limit: BoundLimit, _ terms: LeaseTerms, _ entry: inout LeaseTable.Entry, _ index: Int,
        _ round: inout LimitRound, _ name: (Int) -> String
    ) -> Bool {
        let (now, cost) = (round.time.nanoseconds, UInt64(limit.countsBytes ? 0 : 1))
        let verdict = entry.bucket.verdict(cost: cost, now: now)
        round.note(limit, entry.bucket, verdict, at: index)
        let goesOn = visit(index + 1, &round, name)
        switch verdict {
        case .available: if goesOn { entry.bucket.take(cost) }
        // A shadow does not wait: what it lets pass is owed.
        case .unknown where limit.rule.isShadow: if goesOn { entry.bucket.take(cost) }
        case .unknown: entry.bucket.awaits(cost)
        case .refused: break
        }
        if verdict != .available || goesOn, let question = entry.bucket.question(terms, now: now) {
            round.questions.append(
                LeaseRequest(limiter: limit.limiter, key: round.keys[index], name: entry.name, question: question))
        }
        return goesOn
    }

    /// There is nothing to count with: the shared counters are away, or the table is full of what must not be lost.
    private func visit(
        without limit: BoundLimit, _ index: Int, _ round: inout LimitRound, _ name: (Int) -> String
    ) -> Bool {
        round.note(missing: limit)
        return visit(index + 1, &round, name)
    }
}
