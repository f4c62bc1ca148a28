import SallyportConfig
import SallyportModel
import Testing

@testable import sallyport

@Suite struct ChangeSummaryTests {
    private func route(_ name: String, allow: [String] = []) -> Route {
        Route(name: name, match: RouteMatch(path: .prefix("")), allow: .identities(allow), upstream: "u")
    }

    private func words(_ change: (inout Configuration) -> Void) -> String {
        let old = Configuration(
            identities: [IdentityRule(name: "shop"), IdentityRule(name: "ops")],
            routes: [route("a"), route("b"), route("c")])
        var new = old
        change(&new)
        return ChangeSummary(from: old, to: new).description
    }

    @Test func namesWhatChangedByKind() {
        let text = words { new in
            new.routes = [route("a", allow: ["x"]), route("b", allow: ["x"]), route("d")]
            new.upstreams["u"] = Upstream(name: "u", targets: [])
            new.limits.body = 1
        }
        #expect(
            text == """
                2 routes changed (a, b), 1 route added (d), 1 route removed (c), 1 upstream added (u), \
                limits of requests changed
                """)
    }

    @Test func nothingGoesUnmentioned() {
        #expect(words { _ in } == "no change")
        #expect(words { $0.policies[0].methods = ["GET"] } == "1 policy changed (baseline)")
        #expect(words { $0.policies.append(Policy(name: "p")) } == "1 policy added (p)")
        #expect(words { $0.groups = IdentityGroups([.init("staff", ["shop"])]) } == "1 group added (staff)")
        #expect(words { $0.identities[0].commonName = "s" } == "1 identity changed (shop)")
        #expect(words { $0.identities.reverse() } == "order of identities changed")
        #expect(words { $0.routes.reverse() } == "order of routes changed")
        #expect(words { $0.edge.requests = 7 } == "limits of connections changed")
        #expect(words { $0.cluster = nil } == "no change")
    }

    @Test func manyNamesAreCutShort() {
        let text = words { $0.routes += (1...7).map { route("r\($0)") } }
        #expect(text == "7 routes added (r1, r2, r3, r4, r5 and 2 more)")
    }
}
