import SallyportConfig
import Testing

@testable import SallyportLimits

@Suite struct RateLimitFieldsTests {
    static func fields(_ limits: [BoundLimit]) -> [String] {
        RateLimitFields.fields(LimitPlanTests.decide(LimitPlanTests.plan(limits)).states)
            .map { "\($0.name): \($0.value)" }
    }

    static func limit(
        _ name: String, _ quota: RateLimit.Quota, _ fields: RateLimit.ResponseFields = .draft
    ) -> BoundLimit {
        let rule = RateLimit(name: name, by: [], quota: quota, fields: fields)
        return BoundLimit(rule, of: "policy", Limiter(rule, memory: LimitPlanTests.memory))
    }

    @Test func theDraftsFields() {
        #expect(
            Self.fields([
                Self.limit("burst", .rate(Rate(100, per: .minute), burst: 50)),
                Self.limit("daily", .rate(Rate(1000, per: .day), burst: 1000)),
                Self.limit("monthly", .rate(Rate(9, per: .month), burst: 9)),
                Self.limit("volume", .rate(Rate(10 << 20, per: .second, .bytes), burst: 10 << 20)),
                Self.limit("atOnce", .concurrent(20)),
            ]) == [
                "ratelimit-policy: \"burst\";q=50;w=30, \"daily\";q=1000;w=86400, \"monthly\";q=9, "
                    + "\"volume\";q=10485760;qu=\"content-bytes\";w=1, \"atOnce\";q=20;qu=\"concurrent-requests\"",
                "ratelimit: \"burst\";r=49;t=1, \"daily\";r=999;t=86400, \"monthly\";r=8;t=691200, "
                    + "\"volume\";r=10485760;t=0, \"atOnce\";r=19",
            ])
    }

    @Test func theOlderFieldsShowTheTightest() {
        let wide = Self.limit("wide", .rate(Rate(100, per: .second), burst: 100), .legacy)
        let narrow = Self.limit("narrow", .rate(Rate(1, per: .second), burst: 2), .both)
        #expect(
            Self.fields([wide, narrow]) == [
                "ratelimit-policy: \"narrow\";q=2;w=2", "ratelimit: \"narrow\";r=1;t=1",
                "x-ratelimit-limit: 2", "x-ratelimit-remaining: 1", "x-ratelimit-reset: 1",
            ])
    }

    @Test func nothingIsSaidOfShadowsOrWhereNothingIsWanted() {
        #expect(Self.fields([Self.limit("silent", .concurrent(1), RateLimit.ResponseFields.none)]).isEmpty)
        #expect(RateLimitFields.fields(LimitPlanTests.decide(
            LimitPlanTests.plan([LimitPlanTests.limit("shadow", .concurrent(1), shadow: true)])).states).isEmpty)
    }

    /// Retry-After is never earlier than `t` of a limit that refuses.
    @Test func retryAfterCoversEveryRefusal() {
        let slow = Self.limit("slow", .rate(Rate(1, per: .minute), burst: 1))
        let fast = Self.limit("fast", .rate(Rate(1, per: .second), burst: 1))
        let plan = LimitPlanTests.plan([slow, fast])
        _ = LimitPlanTests.decide(plan)
        let refused = LimitPlanTests.decide(plan)
        #expect(RateLimitFields.retryAfter(refused) == 60)
        #expect(refused.refusing.map(\.name) == ["slow", "fast"])
        #expect(RateLimitFields.fields(refused.states)[1].value == "\"slow\";r=0;t=60, \"fast\";r=0;t=1")
    }
}
