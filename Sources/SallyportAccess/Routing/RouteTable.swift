import SallyportConfig
import SallyportHTTP
import SallyportLimits
import SallyportModel

/// Which route a request takes: a pure function of listener, host, path, method and header fields.
///
/// The most specific route wins, whatever the order of the file: exact host before wildcard before any host; exact
/// path before the longest prefix; more header conditions before fewer; named methods before all methods. Only where
/// all of that is equal does the earlier one win. `ConfigurationLoader` refuses routes that could never be reached.
package struct RouteTable: Sendable {
    private let listeners: [String: HostTable]
    /// What holds where no route does.
    package let baseline: CompiledPolicy

    /// - Parameter limiters: What limits have counted so far.
    package init(_ configuration: Configuration, limiters: LimiterRegistry = LimiterRegistry()) {
        baseline = CompiledPolicy(
            configuration.policies.filter { $0.name == Policy.baseline }, limiters: limiters)
        var policies: [[String]: CompiledPolicy] = [[]: baseline]
        let routes = configuration.routes.enumerated().map { position, route in
            let policy =
                policies[route.policies] ?? CompiledPolicy(configuration.policies(of: route), limiters: limiters)
            policies[route.policies] = policy
            return CompiledRoute(route, position: position, policy: policy, groups: configuration.groups)
        }
        var listeners: [String: HostTable] = [:]
        for listener in configuration.listeners {
            guard case .tls = listener.kind else { continue }
            listeners[listener.name] = HostTable(
                routes.filter { $0.route.listener == nil || $0.route.listener == listener.name })
        }
        self.listeners = listeners
    }

    /// The routes of one listener; nil for a listener that serves none.
    package func routes(of listener: String) -> HostTable? { listeners[listener] }
}

/// What the router found.
package enum RouteDecision: Sendable {
    case route(CompiledRoute)
    /// A route matches but for the method; these would be allowed.
    case methodNotAllowed([String])
    case none
}

/// The routes of one listener by host.
package struct HostTable: Sendable {
    private let exact: [String: PathTable]
    private let wildcard: [String: PathTable]
    private let any: PathTable

    init(_ routes: [CompiledRoute]) {
        var exact: [String: [CompiledRoute]] = [:]
        var wildcard: [String: [CompiledRoute]] = [:]
        var any: [CompiledRoute] = []
        for route in routes {
            switch route.route.match.host {
            case .exact(let host): exact[host, default: []].append(route)
            case .wildcard(let suffix): wildcard[suffix, default: []].append(route)
            case .any: any.append(route)
            }
        }
        self.exact = exact.mapValues(PathTable.init)
        self.wildcard = wildcard.mapValues(PathTable.init)
        self.any = PathTable(any)
    }

    package func route(_ head: borrowing RequestHead) -> RouteDecision {
        var search = RouteSearch()
        if !exact.isEmpty, let table = exact[head.host], let found = table.find(head, &search) { return .route(found) }
        if !wildcard.isEmpty, let table = wildcard[parentDomain(head.host)], let found = table.find(head, &search) {
            return .route(found)
        }
        if let found = any.find(head, &search) { return .route(found) }
        return search.otherMethods.isEmpty ? .none : .methodNotAllowed(search.otherMethods)
    }

    /// The host without its first label; empty, which no wildcard has, when there is none.
    private func parentDomain(_ host: String) -> String {
        guard let dot = host.firstIndex(of: "."), dot != host.startIndex else { return "" }
        return String(host[host.index(after: dot)...])
    }
}

/// What a search remembers besides the route it looks for.
struct RouteSearch {
    /// Methods of routes that match otherwise.
    var otherMethods: [String] = []
}
