import Synchronization

/// Everything that one event loop counts. It belongs to the loop; the cells in it are read by scrapes.
package final class LoopMetrics {
    private let families: GatewayFamilies
    private var routes: [String: RouteSeries] = [:]
    private var upstreams: [String: UpstreamSeries] = [:]
    private var listeners: [String: ListenerSeries] = [:]
    /// Requests for which no route was found.
    package let unrouted: RouteSeries
    package let active: ActiveRequests
    /// How late the loop comes to what it has to do at a time.
    package let lag: DurationCells

    package init(_ families: GatewayFamilies, loop: Int, active: ActiveRequests) {
        self.families = families
        self.active = active
        unrouted = RouteSeries(families, route: nil)
        lag = families.lag.cells(MetricLabels().with("worker", "\(loop)"))
    }

    /// The series of a configuration's routes, in their order; those that are there go on.
    package func adopt(routes names: [String], upstreams: Set<String>, listeners: Set<String>) -> [RouteSeries] {
        let kept = Set(names)
        routes = routes.filter { kept.contains($0.key) }
        self.upstreams = self.upstreams.filter { upstreams.contains($0.key) }
        self.listeners = self.listeners.filter { listeners.contains($0.key) }
        return names.map { route(named: $0) }
    }

    private func route(named name: String) -> RouteSeries {
        if let known = routes[name] { return known }
        let made = RouteSeries(families, route: name)
        routes[name] = made
        return made
    }

    package func upstream(named name: String) -> UpstreamSeries {
        if let known = upstreams[name] { return known }
        let made = UpstreamSeries(families, upstream: name)
        upstreams[name] = made
        return made
    }

    package func listener(named name: String) -> ListenerSeries {
        if let known = listeners[name] { return known }
        let made = ListenerSeries(families, listener: name)
        listeners[name] = made
        return made
    }
}

/// Requests of one loop that are under way, by method; read by scrapes.
package final class ActiveRequests: Sendable {
    private let counts = InlineArray<10, Atomic<Int>> { _ in Atomic(0) }

    package init() {}

    /// To be called by the loop that owns it.
    package func began(_ method: RequestMethod) { add(1, method) }
    package func ended(_ method: RequestMethod) { add(-1, method) }

    private func add(_ change: Int, _ method: RequestMethod) {
        let index = Int(method.rawValue)
        counts[index].store(counts[index].load(ordering: .relaxed) + change, ordering: .relaxed)
    }

    package func count(_ method: RequestMethod) -> Int { counts[Int(method.rawValue)].load(ordering: .relaxed) }
}
