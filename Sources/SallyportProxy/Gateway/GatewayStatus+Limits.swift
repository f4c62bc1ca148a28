import SallyportConfig
import SallyportLimits

extension GatewayStatus {
    /// One rate limit of the running configuration.
    package struct Limit: Sendable, Encodable {
        package var policy: String
        package var name: String
        /// In words.
        package var rule: String
        package var shadow: Bool
        /// Requests that it had nothing against, since it began to count.
        package var admitted: Int
        /// Requests that it refused, or would have refused, since it began to count.
        package var refused: Int
        /// Callers that are remembered in this process.
        package var callers: Int
        /// Callers that had to be forgotten while they still counted, because memory for limits was full.
        package var forgotten: Int

        init(_ limit: BoundLimit) {
            policy = limit.policy
            name = limit.rule.name
            rule = limit.rule.words
            shadow = limit.rule.isShadow
            admitted = limit.limiter.admitted
            refused = limit.limiter.refused
            callers = limit.limiter.callers
            forgotten = limit.limiter.lostEntries
        }
    }

    package struct Cluster: Sendable, Encodable {
        /// `host:port`.
        package var server: String
        package var reachable: Bool
        /// Gateways that were heard of lately, this one included.
        package var gateways: Int
        /// Why it is not reachable.
        package var failure: String?
    }

    static func limits(_ configuration: Configuration, _ limiters: LimiterRegistry) -> [Limit] {
        limiters.plan(configuration.policies).limits.map(Limit.init)
    }
}
