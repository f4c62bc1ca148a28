import SallyportConfig

/// What never changes about a place that requests can go to.
package struct Endpoint: Sendable, Hashable {
    /// URL and address: the same place has the same key in every generation and process.
    package var key: EndpointKey
    package var weight: Int
    package var labels: [String]
    let hash: UInt64

    package init(key: EndpointKey, weight: Int = 1, labels: [String] = []) {
        self.key = key
        hash = stableHash(key.url.utf8) ^ (stableHash(key.address.utf8) &* 31)
        self.weight = max(1, weight)
        self.labels = labels
    }
}

package struct EndpointKey: Sendable, Hashable {
    /// The target as it stands in the file.
    package var url: String
    /// The address that its name stands for; the host itself where it is an address.
    package var address: String

    package init(url: String, address: String) {
        self.url = url
        self.address = address
    }
}

/// How an endpoint is doing at the moment of a choice.
package struct EndpointView: Sendable {
    /// Neither found ill by a health check nor ejected.
    package var isHealthy = true
    /// It refused a connection just now: taken only if nothing else is left.
    package var isResting = false
    /// Requests under way.
    package var active = 0
    /// When it came into service, for slow start.
    package var since: Nanoseconds = .min

    package init(isHealthy: Bool = true, isResting: Bool = false, active: Int = 0, since: Nanoseconds = .min) {
        self.isHealthy = isHealthy
        self.isResting = isResting
        self.active = active
        self.since = since
    }
}

/// What a request asks of the choice.
package struct ChoiceQuery: Sendable {
    /// Of the key that the upstream balances by; nil: the request has none.
    package var hash: UInt64?
    /// Only endpoints with this label.
    package var label: String?
    /// Endpoints that this request has tried.
    package var tried: [Int]

    package init(hash: UInt64? = nil, label: String? = nil, tried: [Int] = []) {
        self.hash = hash
        self.label = label
        self.tried = tried
    }
}

/// Gives each request to one endpoint of an upstream. Values only: health and load are shown to it, chance is seeded.
///
/// The order of preference, from the best: healthy and rested and not tried by this request; healthy and not tried;
/// not tried; any. Within the first of these that is not empty the method decides. When too few are healthy, health
/// is not believed (`panicBelow`): an error in the check itself, or load that moves on from one to the next, would
/// otherwise take everything out of service.
package struct Balancer: Sendable {
    package let settings: Balance
    package private(set) var endpoints: [Endpoint]
    /// For smooth weighted round robin.
    private var credit: [Double]
    private var random: SeededRandom
    /// Reused from choice to choice.
    private var candidates: [Int] = []

    private static let leastStart = 0.1

    package init(_ settings: Balance, endpoints: [Endpoint], seed: UInt64) {
        self.settings = settings
        self.endpoints = endpoints
        random = SeededRandom(seed: seed)
        // Several event loops begin at different places of the round.
        credit = []
        credit = endpoints.map { _ in random.fraction() * 0.5 }
    }

    /// Endpoints came or went. Credit goes on for those that stay.
    package mutating func replace(_ endpoints: [Endpoint]) {
        let known = Dictionary(zip(self.endpoints.map(\.key), credit), uniquingKeysWith: { first, _ in first })
        self.endpoints = endpoints
        credit = endpoints.map { known[$0.key] ?? 0 }
    }

    /// - Parameter views: one for each endpoint.
    package mutating func choose(_ query: ChoiceQuery, now: Nanoseconds, views: [EndpointView]) -> Int? {
        choose(query, now: now) { views[$0] }
    }

    /// The index of the endpoint for this request; nil when there is none at all that it may go to.
    package mutating func choose(
        _ query: ChoiceQuery, now: Nanoseconds, view: (Int) -> EndpointView
    ) -> Int? {
        gather(query, view)
        guard candidates.count > 1 else { return candidates.first }
        switch settings.method {
        case .roundRobin: return inTurn(now, view)
        case .leastRequests: return leastBusy(now, view)
        case .random2: return lessBusyOfTwo(now, view)
        case .hash:
            guard let hash = query.hash else { return drawn(now, view) }
            return consistent(hash, view)
        }
    }

    // MARK: who can be chosen

    private mutating func gather(_ query: ChoiceQuery, _ view: (Int) -> EndpointView) {
        candidates.removeAll(keepingCapacity: true)
        var possible = 0
        var healthy = 0
        for index in endpoints.indices where isPossible(index, query) {
            possible += 1
            if view(index).isHealthy { healthy += 1 }
        }
        guard possible > 0 else { return }
        let panics = Double(healthy) < Double(possible) * settings.panicBelow.fraction
        fill(query) { index in
            let view = view(index)
            return (view.isHealthy || panics) && !view.isResting && !query.tried.contains(index)
        }
        if candidates.isEmpty { fill(query) { view($0).isHealthy && !query.tried.contains($0) } }
        if candidates.isEmpty { fill(query) { !query.tried.contains($0) } }
        if candidates.isEmpty { fill(query) { _ in true } }
    }

    private mutating func fill(_ query: ChoiceQuery, where isWanted: (Int) -> Bool) {
        for index in endpoints.indices where isPossible(index, query) && isWanted(index) { candidates.append(index) }
    }

    private func isPossible(_ index: Int, _ query: ChoiceQuery) -> Bool {
        guard let label = query.label else { return true }
        return endpoints[index].labels.contains(label)
    }

    /// The weight, less while an endpoint starts slowly: in proportion to the time since it came into service, and
    /// never less than a tenth.
    package func weight(of index: Int, since: Nanoseconds, now: Nanoseconds) -> Double {
        let full = Double(endpoints[index].weight)
        let ramp = settings.slowStart.inNanoseconds
        guard ramp > 0, since > .min, now >= since, now - since < ramp else { return full }
        return full * max(Self.leastStart, Double(now - since) / Double(ramp))
    }

    // MARK: the methods

    /// Smooth weighted round robin: everyone earns its weight, the richest is chosen and pays for all.
    private mutating func inTurn(_ now: Nanoseconds, _ view: (Int) -> EndpointView) -> Int? {
        var total = 0.0
        var best: Int?
        for index in candidates {
            let weight = weight(of: index, since: view(index).since, now: now)
            total += weight
            credit[index] += weight
            if best.map({ credit[index] > credit[$0] }) ?? true { best = index }
        }
        if let best { credit[best] -= total }
        return best
    }

    private mutating func leastBusy(_ now: Nanoseconds, _ view: (Int) -> EndpointView) -> Int? {
        // Whoever stands first among equals is left to chance.
        let offset = Int.random(in: candidates.indices, using: &random)
        var best: (index: Int, load: Double)?
        for place in candidates.indices {
            let index = candidates[(place + offset) % candidates.count]
            let load = load(index, now, view)
            if best.map({ load < $0.load }) ?? true { best = (index, load) }
        }
        return best?.index
    }

    private mutating func lessBusyOfTwo(_ now: Nanoseconds, _ view: (Int) -> EndpointView) -> Int? {
        guard let first = drawn(now, view) else { return nil }
        candidates.removeAll { $0 == first }
        guard let second = drawn(now, view) else { return first }
        return load(second, now, view) < load(first, now, view) ? second : first
    }

    private func load(_ index: Int, _ now: Nanoseconds, _ view: (Int) -> EndpointView) -> Double {
        let view = view(index)
        return Double(view.active + 1) / weight(of: index, since: view.since, now: now)
    }

    /// By chance, in proportion to weight.
    private mutating func drawn(_ now: Nanoseconds, _ view: (Int) -> EndpointView) -> Int? {
        let total = candidates.reduce(0) { $0 + weight(of: $1, since: view($1).since, now: now) }
        var left = random.fraction() * total
        for index in candidates {
            left -= weight(of: index, since: view(index).since, now: now)
            if left < 0 { return index }
        }
        return candidates.last
    }

    // MARK: consistent hash

    /// Of a key whose target is too busy the next one takes care.
    private static let boundFactor = 1.25
    /// A target with fewer requests under way than this is never too busy: few requests say nothing about balance.
    private static let boundFloor = 8.0

    /// Weighted rendezvous hashing with bounded loads: every endpoint draws a score from key and place, the best score
    /// that isn't too busy wins. An endpoint that goes takes only its own keys with it, and one that comes takes its
    /// share from all others.
    private func consistent(_ hash: UInt64, _ view: (Int) -> EndpointView) -> Int? {
        let weights = candidates.reduce(0) { $0 + endpoints[$1].weight }
        let active = candidates.reduce(1) { $0 + view($1).active }
        var best: (index: Int, score: Double)?
        var home: (index: Int, score: Double)?
        for index in candidates {
            let endpoint = endpoints[index]
            let score = Self.score(hash, endpoint)
            if home.map({ score > $0.score }) ?? true { home = (index, score) }
            let share = Double(endpoint.weight) / Double(weights)
            let bound = max(Self.boundFloor, (Self.boundFactor * Double(active) * share).rounded(.up))
            guard Double(view(index).active) < bound else { continue }
            if best.map({ score > $0.score }) ?? true { best = (index, score) }
        }
        return (best ?? home)?.index
    }

    private static func score(_ hash: UInt64, _ endpoint: Endpoint) -> Double {
        let drawn = mix64(hash ^ endpoint.hash)
        let fraction = (Double(drawn >> 11) + 0.5) * 0x1p-53
        return -Double(endpoint.weight) / logarithm(fraction)
    }
}
