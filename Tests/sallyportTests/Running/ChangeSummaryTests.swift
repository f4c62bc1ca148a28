import SallyportConfig
import Testing

@testable import sallyport

@Suite struct ChangeSummaryTests {
    private func route(_ name: String, allow: [String] = []) -> Route {
        Route(name: name, match: RouteMatch(path: .prefix("")), allow: .identities(allow), upstream: "u")
    }

    @Test func countsByKind() {
        let old = Configuration(routes: [route("a"), route("b"), route("c")])
        var new = old
        new.routes = [route("a", allow: ["x"]), route("b", allow: ["x"]), route("d")]
        new.upstreams["u"] = Upstream(name: "u", targets: [])
        new.limits.body = 1
        #expect(
            ChangeSummary(from: old, to: new).description
                == "2 routes changed, 1 route added, 1 route removed, 1 upstream added, limits changed")
    }

    @Test func nothing() {
        let same = Configuration(routes: [route("a")])
        #expect(ChangeSummary(from: same, to: same).description == "no change")
    }
}
