import SallyportConfig
import Testing

@testable import SallyportBalance

private let second: Nanoseconds = 1_000_000_000

func place(_ number: Int, weight: Int = 1, labels: [String] = []) -> Endpoint {
    Endpoint(key: EndpointKey(url: "http://10.0.0.\(number):80", address: "10.0.0.\(number)"), weight: weight, labels: labels)
}

func places(_ count: Int) -> [Endpoint] { (0..<count).map { place($0) } }

@Suite struct BalancerTests {
    static let all: [Balance.Method] = [.roundRobin, .leastRequests, .random2, .hash(.identity)]

    private func counts(
        _ balancer: inout Balancer, rounds: Int, now: Nanoseconds = 0, query: (Int) -> ChoiceQuery = { _ in ChoiceQuery() },
        view: (Int) -> EndpointView = { _ in EndpointView() }
    ) -> [Int] {
        var counts = [Int](repeating: 0, count: balancer.endpoints.count)
        for round in 0..<rounds {
            if let index = balancer.choose(query(round), now: now, view: view) { counts[index] += 1 }
        }
        return counts
    }

    @Test func inTurnIsExactAndSmooth() {
        var balancer = Balancer(
            Balance(), endpoints: [place(0, weight: 5), place(1, weight: 1), place(2, weight: 1)], seed: 1)
        var order: [Int] = []
        for _ in 0..<70 { order.append(balancer.choose(ChoiceQuery(), now: 0) { _ in EndpointView() } ?? -1) }
        #expect(order.count { $0 == 0 } == 50)
        #expect(order.count { $0 == 1 } == 10)
        // Smooth: never all five of the heavy one at a stretch but for the seam of two rounds.
        let longest = order.split { $0 != 0 }.map(\.count).max() ?? 0
        #expect(longest <= 4, "\(order)")
    }

    @Test(arguments: all) func everyMethodSpreadsByWeight(_ method: Balance.Method) {
        var balancer = Balancer(
            Balance(method: method), endpoints: [place(0, weight: 3), place(1), place(2)], seed: 7)
        var random = SeededRandom(seed: 3)
        var active = [0, 0, 0]
        var total = [0, 0, 0]
        var running: [Int] = []
        for _ in 0..<20_000 {
            let load = active
            let choice = balancer.choose(ChoiceQuery(hash: random.next()), now: 0) { EndpointView(active: load[$0]) }
            guard let index = choice else { continue }
            total[index] += 1
            active[index] += 1
            running.append(index)
            if running.count > 30 {
                let ended = running.remove(at: Int.random(in: running.indices, using: &random))
                active[ended] -= 1
            }
        }
        let share = Double(total[0]) / 20_000
        #expect(abs(share - 0.6) < 0.06, "\(method): \(total)")
    }

    @Test func leastRequestsAvoidsTheSlow() {
        var balancer = Balancer(Balance(method: .leastRequests), endpoints: places(3), seed: 1)
        let counts = counts(&balancer, rounds: 300) { _ in ChoiceQuery() } view: { EndpointView(active: $0 == 1 ? 50 : 2) }
        #expect(counts[1] == 0)
        #expect(counts[0] > 100 && counts[2] > 100)
    }

    @Test func randomOfTwoNeverTakesTheBusiestOfAll() {
        var balancer = Balancer(Balance(method: .random2), endpoints: places(4), seed: 1)
        let counts = counts(&balancer, rounds: 1000) { _ in ChoiceQuery() } view: { EndpointView(active: $0) }
        #expect(counts[3] == 0)
        #expect(counts[0] > counts[1] && counts[1] > counts[2] && counts[2] > 0)
    }

    // MARK: health

    @Test(arguments: all) func theIllAndTheTriedAreAvoided(_ method: Balance.Method) {
        var balancer = Balancer(Balance(method: method), endpoints: places(4), seed: 1)
        let query = ChoiceQuery(hash: 99, tried: [0])
        let counts = counts(&balancer, rounds: 100) { _ in query } view: { EndpointView(isHealthy: $0 != 2) }
        #expect(counts[0] == 0 && counts[2] == 0 && counts[1] + counts[3] == 100)
    }

    @Test func whenTooFewAreHealthyHealthIsNotBelieved() {
        var balancer = Balancer(Balance(), endpoints: places(4), seed: 1)
        do {
            let counts = counts(&balancer, rounds: 40) { _ in ChoiceQuery() } view: { EndpointView(isHealthy: $0 < 2) }
            #expect(counts == [20, 20, 0, 0])
        }
        let panic = counts(&balancer, rounds: 40) { _ in ChoiceQuery() } view: { EndpointView(isHealthy: $0 < 1) }
        #expect(panic.allSatisfy { $0 == 10 }, "\(panic)")
    }

    @Test func whoRestsIsTakenOnlyIfNothingElseIsLeft() {
        var balancer = Balancer(Balance(), endpoints: places(2), seed: 1)
        do {
            let counts = counts(&balancer, rounds: 10) { _ in ChoiceQuery() } view: { EndpointView(isResting: $0 == 0) }
            #expect(counts == [0, 10])
        }
        let all = counts(&balancer, rounds: 10) { _ in ChoiceQuery() } view: { _ in EndpointView(isResting: true) }
        #expect(all.reduce(0, +) == 10)
    }

    @Test func nothingIsChosenFromNothing() {
        var balancer = Balancer(Balance(), endpoints: [], seed: 1)
        let none = balancer.choose(ChoiceQuery(), now: 0) { _ in EndpointView() }
        #expect(none == nil)
        var other = Balancer(Balance(), endpoints: places(2), seed: 1)
        let unlabelled = other.choose(ChoiceQuery(label: "v2"), now: 0) { _ in EndpointView() }
        #expect(unlabelled == nil)
    }

    @Test func whatWasTriedIsTriedAgainIfItIsAll() {
        var balancer = Balancer(Balance(), endpoints: places(1), seed: 1)
        let again = balancer.choose(ChoiceQuery(tried: [0]), now: 0) { _ in EndpointView() }
        #expect(again == 0)
    }

    // MARK: slow start

    @Test func theShareOfANewcomerRises() {
        let settings = Balance(slowStart: .seconds(10))
        var shares: [Double] = []
        for moment in [0, 2, 5, 8, 10] {
            var balancer = Balancer(settings, endpoints: places(2), seed: 1)
            let counts = counts(&balancer, rounds: 2200, now: Int64(moment) * second) { _ in ChoiceQuery() } view: {
                EndpointView(since: $0 == 1 ? 0 : .min)
            }
            shares.append(Double(counts[1]) / 2200)
        }
        #expect(shares == shares.sorted())
        #expect(abs(shares[0] - 0.1 / 1.1) < 0.01 && abs(shares[2] - 0.5 / 1.5) < 0.01 && abs(shares[4] - 0.5) < 0.01)
    }

    // MARK: consistent hash

    private func homes(_ balancer: inout Balancer, keys: Int) -> [EndpointKey] {
        (0..<keys).compactMap { key in
            balancer.choose(ChoiceQuery(hash: stableHash("key \(key)".utf8)), now: 0) { _ in EndpointView() }
                .map { balancer.endpoints[$0].key }
        }
    }

    @Test func aTargetThatGoesTakesOnlyItsOwnKeysAlong() {
        let all = places(10)
        var before = Balancer(Balance(method: .hash(.identity)), endpoints: all, seed: 1)
        var after = Balancer(Balance(method: .hash(.identity)), endpoints: Array(all.dropLast()), seed: 2)
        let (old, new) = (homes(&before, keys: 5000), homes(&after, keys: 5000))
        let moved = zip(old, new).filter { $0 != $1 }
        #expect(moved.allSatisfy { $0.0 == all[9].key }, "only keys of the one that went may move")
        #expect((400...600).contains(moved.count))
    }

    @Test func aKeyReturnsHomeWhenItsTargetRecovers() throws {
        var balancer = Balancer(Balance(method: .hash(.identity)), endpoints: places(5), seed: 1)
        let query = ChoiceQuery(hash: stableHash("alice".utf8))
        let first = balancer.choose(query, now: 0) { _ in EndpointView() }
        let home = try #require(first)
        let away = balancer.choose(query, now: 0) { EndpointView(isHealthy: $0 != home) }
        #expect(away != home && away != nil)
        let back = balancer.choose(query, now: 0) { _ in EndpointView() }
        #expect(back == home)
    }

    @Test func aBusyHomeIsPassedOver() throws {
        var balancer = Balancer(Balance(method: .hash(.identity)), endpoints: places(4), seed: 1)
        let query = ChoiceQuery(hash: stableHash("alice".utf8))
        let first = balancer.choose(query, now: 0) { _ in EndpointView() }
        let home = try #require(first)
        let idle = balancer.choose(query, now: 0) { EndpointView(active: $0 == home ? 7 : 0) }
        #expect(idle == home, "a few are no load")
        let busy = balancer.choose(query, now: 0) { EndpointView(active: $0 == home ? 100 : 2) }
        #expect(busy != home)
    }

    /// Other gateways, and this one after a restart, agree.
    @Test func hashesAreTheSameEverywhere() {
        #expect(stableHash("alice".utf8) == 0xc5d1556d66774a5c)
    }

    // MARK: split

    @Test func aSplitIsKept() {
        let parts = [SplitPart(label: "v1", weight: 90), SplitPart(label: "v2", weight: 10)]
        var random = SeededRandom(seed: 5)
        var canary = 0
        for _ in 0..<10_000 where SplitChoice.label(of: parts, hash: nil, random: &random) == "v2" { canary += 1 }
        #expect((900...1100).contains(canary))
        let sticky = (0..<1000).map { SplitChoice.label(of: parts, hash: stableHash("\($0)".utf8), random: &random) }
        let again = (0..<1000).map { SplitChoice.label(of: parts, hash: stableHash("\($0)".utf8), random: &random) }
        #expect(sticky == again)
        #expect((60...140).contains(sticky.count { $0 == "v2" }))
    }

    @Test func aSplitChoosesByLabel() {
        var balancer = Balancer(
            Balance(), endpoints: [place(0, labels: ["v1"]), place(1, labels: ["v2"]), place(2, labels: ["v2", "eu"])], seed: 1)
        do {
            let counts = counts(&balancer, rounds: 10) { _ in ChoiceQuery(label: "v2") }
            #expect(counts == [0, 5, 5])
        }
    }

    @Test func aShareIsAShare() {
        var random = SeededRandom(seed: 5)
        for (share, expected) in [(250, 200...300), (10_000, 10_000...10_000), (0, 0...0)] {
            var hits = 0
            for _ in 0..<10_000 where Share(basisPoints: share).hits(&random) { hits += 1 }
            #expect(expected.contains(hits))
        }
    }
}
