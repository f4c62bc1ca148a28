import SallyportBalance
import SallyportConfig

/// How one upstream is doing, for `sallyport status`.
package struct UpstreamStatus: Sendable, Encodable {
    package var name: String
    /// `roundRobin`, `leastRequests`, `random2` or `hash`.
    package var balance: String
    /// Over all workers.
    package var requestsUnderWay: Int
    package var maxRequests: Int
    package var pending: Int
    /// Requests that were answered 503 because it was full, since the start.
    package var shed: Int
    /// It is full: further requests wait.
    package var circuitOpen: Bool
    package var targets: [Target]

    package struct Target: Sendable, Encodable {
        package var url: String
        /// The address that the host stands for; empty while it is looked up.
        package var address: String
        package var labels: [String]
        /// `healthy`, `down` or `ejected`.
        package var state: String
        /// Until it comes back, when it is ejected.
        package var ejectedSeconds: Int
        package var requestsUnderWay: Int
        package var requests: Int
        package var failures: Int
    }

    init(_ plan: UpstreamPlan) {
        let gate = plan.board.gate
        name = plan.upstream.name
        balance = plan.upstream.balance.method.word
        requestsUnderWay = gate.underWay
        maxRequests = gate.limit
        pending = gate.pending
        shed = gate.shed
        circuitOpen = gate.isOpen
        let now = Nanoseconds.now()
        targets = plan.board.endpoints().map { endpoint, record in
            let left = record.ejectionLeft(now: now)
            return Target(
                url: endpoint.key.url, address: endpoint.key.address, labels: endpoint.labels,
                state: !record.isUp ? "down" : left > 0 ? "ejected" : "healthy",
                ejectedSeconds: Int((left + 999_999_999) / 1_000_000_000), requestsUnderWay: record.active,
                requests: record.requests, failures: record.failedRequests)
        }
    }
}
