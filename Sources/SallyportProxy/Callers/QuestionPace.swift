import SallyportConfig
import SallyportLimits

/// How often the clients of one address may have an authorization server asked. A token that nobody has seen costs a
/// question before any limit of a policy is asked, and whoever makes tokens up must not use up what others need.
struct QuestionPace: Sendable {
    static let perSecond: UInt64 = 10
    static let burst: UInt64 = 100
    private static let memory = 8 << 20

    private let plan: LimitPlan

    init() {
        let rule = RateLimit(
            name: "questions", by: [.address], quota: .rate(Rate(Self.perSecond, per: .second), burst: Self.burst))
        let limiter = Limiter(rule, memory: LimitMemory(bytes: Self.memory))
        plan = LimitPlan([BoundLimit(rule, of: "introspection", limiter)], hashKey: .random())
    }

    /// Counts a question; false: it is one too many. What is not an IP address counts as one client.
    func admits(_ address: some Collection<UInt8>, at time: LimitTime) -> Bool {
        var hasher = plan.keyHasher()
        hasher.add(.address, address)
        let key = hasher.key()
        return plan.decide([key], at: time, cluster: .unreachable, name: { _ in "" }).verdict == .admitted
    }
}
