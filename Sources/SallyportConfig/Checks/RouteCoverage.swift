/// Which requests the routes so far take, so that one that could never be reached is found.
///
/// The most specific route wins whatever the order, so only an earlier route with the same host, path and header
/// conditions can hide a later one: by having all its methods, alone or together with others. A route without methods
/// takes all of them, but is asked after every route that names some.
struct RouteCoverage {
    private struct Key: Hashable {
        var listener: String
        var host: HostPattern
        var path: PathPattern
        var headers: Set<HeaderMatch>
    }

    fileprivate struct Taken {
        /// Route name and place by method.
        var methods: [String: (name: String, span: Span)] = [:]
        /// The route that takes what is left.
        var rest: (name: String, span: Span)?
    }

    struct Hidden {
        var words: String
        var span: Span
    }

    private let listeners: [String]
    private var taken: [Key: Taken] = [:]

    /// - Parameter listeners: Every listener that routes can be reached on.
    init(listeners: [String]) {
        self.listeners = listeners
    }

    /// Adds a route, and says who hides it, if it is hidden on every listener.
    mutating func add(_ route: Route, at span: Span) -> Hidden? {
        let scope = route.listener.map { [$0] } ?? listeners
        var hiders: [(name: String, span: Span)] = []
        var isReachable = scope.isEmpty
        for listener in scope {
            let key = Key(
                listener: listener, host: route.match.host, path: route.match.path, headers: Set(route.match.headers))
            if let found = taken[key, default: Taken()].add(route, at: span) {
                hiders += found
            } else {
                isReachable = true
            }
        }
        if isReachable { return nil }
        hiders.sort { ($0.span.file, $0.span.line, $0.span.column) < ($1.span.file, $1.span.line, $1.span.column) }
        var names: [String] = []
        for hider in hiders where !names.contains(hider.name) { names.append(hider.name) }
        let verb = names.count == 1 ? "takes" : "take"
        return Hidden(
            words: names.map { "`\($0)`" }.joined(separator: ", ") + " \(verb) every request it would match",
            span: hiders.first?.span ?? span)
    }
}

extension RouteCoverage.Taken {
    /// Nil when some request is left for the route, else those who take them all.
    fileprivate mutating func add(_ route: Route, at span: Span) -> [(name: String, span: Span)]? {
        let entry = (name: route.name, span: span)
        if route.match.methods.isEmpty {
            if let rest { return [rest] }
            rest = entry
            return nil
        }
        let earlier = route.match.methods.compactMap { methods[$0] }
        if earlier.count == route.match.methods.count { return earlier }
        for method in route.match.methods where methods[method] == nil { methods[method] = entry }
        return nil
    }
}
