import SallyportModel

// What `/healthz` and `/readyz` say. A target that is down makes nobody less ready: others are served, and to take the
// gateway out of a load balancer would help none of them.
extension Gateway {
    private static let patience = Duration.seconds(2)

    /// Whether the process does its work: each worker takes a turn in time.
    func isAlive() async -> [HealthCheckResult] {
        let busy = await busyWorkers(within: Self.patience)
        return [
            HealthCheckResult(
                name: "workers", state: busy.isEmpty ? .good : .failed,
                detail: busy.isEmpty ? "all answer" : "no answer from \(busy.map { "\($0)" }.joined(separator: ", "))")
        ]
    }

    func isReady() async -> [HealthCheckResult] {
        let status = status()
        return await isAlive() + [
            Self.configuration(status), Self.listeners(status), Self.trust(status, at: UnixTime.seconds()),
            Self.upstreams(status),
        ]
    }

    private static func configuration(_ status: GatewayStatus) -> HealthCheckResult {
        let loaded = "generation \(status.generation)"
        let isNewest = status.lastReload.succeeded
        return HealthCheckResult(
            name: "configuration", state: isNewest ? .good : .doubtful,
            detail: isNewest ? loaded : "\(loaded); the newest attempt to load failed")
    }

    private static func listeners(_ status: GatewayStatus) -> HealthCheckResult {
        let words = status.draining ? "draining" : status.ready ? "\(status.listeners.count) open" : "not open yet"
        return HealthCheckResult(name: "listeners", state: status.ready ? .good : .failed, detail: words)
    }

    /// A listener without a good certificate serves nobody.
    private static func trust(_ status: GatewayStatus, at now: Int64) -> HealthCheckResult {
        let ended = status.certificates.filter { $0.notAfter < now }.map(\.listener)
        if !ended.isEmpty {
            return HealthCheckResult(
                name: "trust", state: .failed, detail: "expired: certificate of \(Set(ended).sorted().joined(separator: ", "))")
        }
        let others = status.lifetimes.count { $0.notAfter < now }
        let problems = status.revocation.sources.count { $0.problem != nil }
        let words = "\(others) expired certificates, \(problems) revocation sources with a problem"
        return HealthCheckResult(
            name: "trust", state: others + problems == 0 ? .good : .doubtful,
            detail: others + problems == 0 ? "\(status.lifetimes.count) certificates good" : words)
    }

    private static func upstreams(_ status: GatewayStatus) -> HealthCheckResult {
        let without = status.upstreams.filter { upstream in
            !upstream.targets.isEmpty && !upstream.targets.contains { $0.state == "healthy" }
        }
        return HealthCheckResult(
            name: "upstreams", state: without.isEmpty ? .good : .doubtful,
            detail: without.isEmpty
                ? "\(status.upstreams.count) with healthy targets"
                : "no healthy target: \(without.map(\.name).joined(separator: ", "))")
    }
}
