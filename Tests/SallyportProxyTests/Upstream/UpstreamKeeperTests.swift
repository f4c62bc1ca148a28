import Logging
import SallyportBalance
import SallyportConfig
import Synchronization
import Testing

@testable import SallyportProxy

/// A resolver that says what the test tells it.
private final class ScriptedLookup: TargetLookup {
    private let answer: Mutex<[String]?>

    init(_ answer: [String]?) { self.answer = Mutex(answer) }

    func say(_ addresses: [String]?) { answer.withLock { $0 = addresses } }

    func addresses(of name: String) async throws -> [String] {
        guard let addresses = answer.withLock({ $0 }) else { throw LookupFailure(words: "no such name") }
        return addresses
    }
}

@Suite struct UpstreamKeeperTests {
    private func plan(resolve: Duration = .milliseconds(20)) -> UpstreamPlan {
        var upstream = Upstream(
            name: "orders", targets: [UpstreamTarget(scheme: .http, host: "orders.test", port: 80)])
        upstream.resolve = resolve
        return UpstreamPlan(upstream, tls: nil)
    }

    private func addresses(_ plan: UpstreamPlan) -> [String] { plan.board.endpoints().map(\.0.key.address) }

    private func eventually(_ isTrue: () -> Bool) async throws -> Bool {
        for _ in 0..<200 {
            if isTrue() { return true }
            try await Task.sleep(for: .milliseconds(10))
        }
        return false
    }

    @Test func everyAddressOfANameIsAnEndpointAndTheLastGoodOnesAreKept() async throws {
        let lookup = ScriptedLookup(["10.0.0.2", "10.0.0.1"])
        let keeper = UpstreamKeeper(lookup: lookup, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let plan = plan()
        keeper.adopt([plan], on: nil)
        defer { keeper.stop() }
        #expect(try await eventually { addresses(plan) == ["10.0.0.1", "10.0.0.2"] })
        let known = plan.board.endpoints().map(\.1)
        lookup.say(nil)
        try await Task.sleep(for: .milliseconds(100))
        #expect(addresses(plan) == ["10.0.0.1", "10.0.0.2"], "a resolver that fails takes nothing away")
        let again = UpstreamKeeper(lookup: ScriptedLookup(["10.0.0.2", "10.0.0.3"]), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let next = UpstreamPlan(plan.upstream, tls: nil, board: plan.board)
        again.adopt([next], on: nil)
        defer { again.stop() }
        #expect(try await eventually { addresses(next) == ["10.0.0.2", "10.0.0.3"] })
        #expect(next.board.endpoints().first?.1 === known[1], "what is known of an address that stays is kept")
        #expect(next.address(of: EndpointKey(url: "http://orders.test", address: "10.0.0.3"), at: 0)?.port == 80)
    }

    @Test func untilANameIsLookedUpItIsOneEndpoint() {
        let plan = plan(resolve: .seconds(60))
        plan.enterService(now: 0)
        #expect(addresses(plan) == [""])
        #expect(plan.address(of: EndpointKey(url: "http://orders.test", address: ""), at: 0) == nil)
    }
}
