import SallyportConfig
import Synchronization

/// A target as it stands in the file.
package struct BoardTarget: Sendable, Hashable {
    package var url: String
    package var host: String
    /// The host is looked up, and may stand for several addresses.
    package var isName: Bool
    package var weight: Int
    package var labels: [String]

    package init(url: String, host: String, isName: Bool, weight: Int = 1, labels: [String] = []) {
        self.url = url
        self.host = host
        self.isName = isName
        self.weight = weight
        self.labels = labels
    }
}

/// What the process knows about one upstream: its endpoints and how they are, and how many requests are under way.
/// One for each name of an upstream; it outlives generations, so a reload forgets nothing about a target that stays.
package final class UpstreamBoard: Sendable {
    package let name: String
    package let gate: CircuitGate
    private let state: Mutex<State>
    /// Counts up when endpoints come or go.
    private let version = Atomic<Int>(0)

    private struct State {
        var records: [EndpointKey: EndpointRecord] = [:]
        var endpoints: [Endpoint] = []
        var rule: OutlierRule
        var targets: [BoardTarget] = []
        /// What names stand for, by name.
        var addresses: [String: [String]] = [:]
    }

    package init(name: String, circuit: Circuit, ejection: Ejection) {
        self.name = name
        gate = CircuitGate(circuit)
        state = Mutex(State(rule: OutlierRule(ejection)))
    }

    /// A generation with perhaps other settings and targets begins.
    package func adopt(_ targets: [BoardTarget], circuit: Circuit, ejection: Ejection, now: Nanoseconds) {
        gate.adopt(circuit)
        let endpoints = state.withLock { state in
            state.rule = OutlierRule(ejection)
            state.targets = targets
            let names = Set(targets.filter(\.isName).map(\.host))
            state.addresses = state.addresses.filter { names.contains($0.key) }
            return Self.endpoints(state)
        }
        publish(endpoints, now: now)
    }

    /// A name was looked up. No address is no news: those of before are kept.
    package func resolved(_ name: String, _ addresses: [String], now: Nanoseconds) {
        guard !addresses.isEmpty else { return }
        let endpoints = state.withLock { state in
            state.addresses[name] = addresses.sorted()
            return Self.endpoints(state)
        }
        publish(endpoints, now: now)
    }

    /// One for each address of a name; one without address for a name that has not been looked up.
    private static func endpoints(_ state: State) -> [Endpoint] {
        state.targets.flatMap { target in
            let addresses = target.isName ? state.addresses[target.host] ?? [""] : [target.host]
            return addresses.map {
                Endpoint(key: EndpointKey(url: target.url, address: $0), weight: target.weight, labels: target.labels)
            }
        }
    }

    // MARK: endpoints

    package var endpointVersion: Int { version.load(ordering: .acquiring) }

    /// Those that are there now, each with its record.
    package func endpoints() -> [(Endpoint, EndpointRecord)] {
        state.withLock { state in
            state.endpoints.compactMap { endpoint in state.records[endpoint.key].map { (endpoint, $0) } }
        }
    }

    /// Endpoints as a generation or a look-up finds them. What is known of those that stay is kept; new ones among
    /// old ones start slowly.
    package func publish(_ endpoints: [Endpoint], now: Nanoseconds) {
        let changed = state.withLock { state in
            guard state.endpoints != endpoints else { return false }
            let isFirst = state.endpoints.isEmpty
            var records: [EndpointKey: EndpointRecord] = [:]
            for endpoint in endpoints {
                records[endpoint.key] =
                    state.records[endpoint.key] ?? EndpointRecord(key: endpoint.key, since: isFirst ? .min : now)
            }
            state.records = records
            state.endpoints = endpoints
            return true
        }
        if changed { version.add(1, ordering: .releasing) }
    }

    // MARK: outcomes

    package struct Ejected: Sendable, Equatable {
        package var key: EndpointKey
        package var seconds: Int
        package var failures: Int
    }

    /// A request failed at an endpoint. Not nil: that took it out of service.
    package func failed(_ record: EndpointRecord, _ failure: FailureKind, now: Nanoseconds) -> Ejected? {
        let rule = state.withLock { $0.rule }
        guard rule.counts(failure) else { return nil }
        let failures = record.failedOnce()
        guard rule.isOutlier(failuresInARow: failures) else { return nil }
        return state.withLock { state in
            guard !record.isEjected(now: now) else { return nil }
            let gone = state.records.values.count { $0.isEjected(now: now) }
            guard rule.mayEject(ejected: gone, of: state.records.count) else { return nil }
            let until = record.eject(rule, now: now)
            return Ejected(key: record.key, seconds: Int((until - now) / 1_000_000_000), failures: failures)
        }
    }
}
