import SallyportConfig
import Testing

@Suite struct ListenerTLSPlanTests {
    private static let own = ServerCertificate.builtin(names: ["*.example.org", "example.org"])
    private static let other = ServerCertificate.builtin(names: ["www.example.org"])

    private static func plan(
        _ hosts: [TLSHost], withoutServerName: MissingServerName = .listener
    ) -> ListenerTLSPlan {
        ListenerTLSPlan(
            ListenerTLS(profile: "own", certificate: own, hosts: hosts, withoutServerName: withoutServerName))
    }

    private static let rules = [
        TLSHost(host: .wildcard("example.org"), profile: "wide"),
        TLSHost(host: .exact("www.example.org"), profile: "exact"),
        TLSHost(host: .exact("shop.example.org"), profile: "exact", certificates: [other]),
        TLSHost(host: .exact("same.example.org"), profile: "own"),
    ]

    @Test(arguments: [
        ("www.example.org", "exact"), ("shop.example.org", "exact"), ("other.example.org", "wide"),
        ("same.example.org", "own"), ("example.org", "own"), ("a.b.example.org", "own"), ("localhost", "own"),
        ("127.0.0.1", "own"), ("[::1]", "own"), (".example.org", "own"), ("", "own"), ("org", "own"),
    ])
    func theMostSpecificEntryWins(_ host: String, _ profile: String) {
        // Caddy #7860: a wildcard in front must not take what an exact name has rules for. No order may.
        for hosts in [Self.rules, Self.rules.reversed()] {
            let plan = Self.plan(hosts)
            #expect(plan[plan.policy(host: host)].profile == profile)
            #expect(plan.policy(serverName: host) == plan.policy(host: host))
        }
    }

    @Test func samenessIsOfRulesNotOfEntries() {
        let plan = Self.plan(Self.rules)
        #expect(plan.policy(host: "same.example.org") == .listener)
        #expect(plan.policy(host: "www.example.org") != plan.policy(host: "shop.example.org"))
        #expect(plan.policy(host: "a.example.org") == plan.policy(host: "b.example.org"))
        #expect(plan.policies.count == 4)
        #expect(plan.policies[0].certificates == [Self.own])
        #expect(plan[plan.policy(host: "www.example.org")].certificates == [Self.own])
        #expect(plan[plan.policy(host: "shop.example.org")].certificates == [Self.other])
    }

    @Test func aMissingServerName() {
        #expect(Self.plan(Self.rules).policy(serverName: nil) == .listener)
        let strict = Self.plan(Self.rules, withoutServerName: .refuse)
        #expect(strict.policy(serverName: nil) == nil)
        #expect(strict.policy(serverName: "localhost") == .listener)
    }

    @Test(arguments: [
        (HostPattern.any, ["own", "wide", "exact", "exact"]), (.wildcard("example.org"), ["own", "wide", "exact", "exact"]),
        (.wildcard("example.com"), ["own"]), (.exact("www.example.org"), ["exact"]), (.exact("x.example.org"), ["wide"]),
    ])
    func whatARouteMeets(_ pattern: HostPattern, _ profiles: [String]) {
        let plan = Self.plan(Self.rules)
        #expect(plan.policies(reachedBy: pattern).map { plan[$0].profile } == profiles)
    }

    @Test(arguments: [
        (HostPattern.any, 0, ["same.example.org"]), (.any, 1, ["*.example.org"]), (.exact("x.example.org"), 1, ["*.example.org"]),
        (.exact("www.example.org"), 1, []), (.exact("www.example.org"), 2, ["www.example.org"]),
        (.wildcard("example.org"), 2, ["www.example.org"]), (.wildcard("example.com"), 0, []), (.exact("example.org"), 0, []),
    ])
    func theEntriesThatWin(_ pattern: HostPattern, _ policy: Int, _ entries: [String]) {
        let plan = Self.plan(Self.rules)
        let id = plan.policies(reachedBy: .any)[policy]
        #expect(plan.entries(of: id, reachedBy: pattern).map(\.text) == entries)
    }

    /// Whatever host a pattern matches, its policy is among those that the pattern reaches.
    @Test func reachIsComplete() {
        let plan = Self.plan(Self.rules)
        for host in ["www", "shop", "same", "other"].map({ $0 + ".example.org" }) {
            #expect(plan.policies(reachedBy: .wildcard("example.org")).contains(plan.policy(host: host)))
            #expect(plan.policies(reachedBy: .any).contains(plan.policy(host: host)))
        }
    }
}
