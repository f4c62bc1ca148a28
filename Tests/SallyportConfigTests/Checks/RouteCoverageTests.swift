import SallyportModel
import Testing

@testable import SallyportConfig

@Suite struct RouteCoverageTests {
    private static let listeners = ["a", "b"]
    private static let methods = ["GET", "POST"]
    private static let hosts: [HostPattern] = [.any, .wildcard("x.org"), .exact("h.x.org")]
    private static let paths: [PathPattern] = [.prefix(""), .prefix("/p"), .exact("/p")]

    /// Against the rules of the contract taken literally: try every kind of request on every listener.
    @Test func agreesWithTryingEveryRequest() {
        var random = SeededRandom(state: 7)
        var unreachable = 0
        for _ in 0..<2000 {
            let routes = (0..<Int.random(in: 2...5, using: &random)).map { Self.route(named: "r\($0)", &random) }
            var coverage = RouteCoverage(listeners: Self.listeners)
            for (index, route) in routes.enumerated() {
                let span = Span(file: 0, line: index + 1, column: 1, length: 1)
                let isHidden = coverage.add(route, at: span) != nil
                let isReached = Self.requests.contains { Self.winner($0, among: routes[...index]) == index }
                #expect(isHidden != isReached, "\(routes[...index])")
                if isHidden { unreachable += 1 }
            }
        }
        #expect(unreachable > 50)
    }

    private struct Request {
        var listener, method, host, path: String
        var headers: [String]
    }

    private static let requests: [Request] = listeners.flatMap { listener in
        (methods + ["PUT"]).flatMap { method in
            ["h.x.org", "i.x.org", "y.org"].flatMap { host in
                ["/p", "/p/q", "/z"].flatMap { path in
                    [[], ["1"], ["2"], ["1", "2"]].map {
                        Request(listener: listener, method: method, host: host, path: path, headers: $0)
                    }
                }
            }
        }
    }

    private static func route(named name: String, _ random: inout SeededRandom) -> Route {
        let headers = [[], [], [HeaderMatch(name: "x-1", value: "v")], [HeaderMatch(name: "x-2", value: "v")]]
        return Route(
            name: name, listener: [nil, "a", "b"].randomElement(using: &random) ?? nil,
            match: RouteMatch(
                host: hosts.randomElement(using: &random) ?? .any,
                path: paths.randomElement(using: &random) ?? .prefix(""),
                methods: [[], [], ["GET"], ["POST"], ["GET", "POST"]].randomElement(using: &random) ?? [],
                headers: headers.randomElement(using: &random) ?? []),
            allow: .anyone, upstream: "u")
    }

    private static func winner(_ request: Request, among routes: ArraySlice<Route>) -> Int? {
        routes.indices.filter { matches(routes[$0], request) }.min { rank(routes[$0], $0) > rank(routes[$1], $1) }
    }

    private static func matches(_ route: Route, _ request: Request) -> Bool {
        let match = route.match
        let isHost =
            switch match.host {
            case .any: true
            case .exact(let host): host == request.host
            case .wildcard(let suffix): request.host.split(separator: ".", maxSplits: 1).last.map(String.init) == suffix
            }
        let isPath =
            switch match.path {
            case .exact(let path): path == request.path
            case .prefix(let prefix): request.path == prefix || request.path.hasPrefix(prefix + "/")
            }
        return isHost && isPath && (route.listener ?? request.listener) == request.listener
            && (match.methods.isEmpty || match.methods.contains(request.method))
            && match.headers.allSatisfy { request.headers.contains(String($0.name.dropFirst(2))) }
    }

    private static func rank(_ route: Route, _ position: Int) -> (Int, Int, Int, Int, Int) {
        let host =
            switch route.match.host {
            case .any: 0
            case .wildcard: 1
            case .exact: 2
            }
        let path =
            switch route.match.path {
            case .exact: 1000
            case .prefix(let prefix): prefix.utf8.count
            }
        return (host, path, route.match.headers.count, route.match.methods.isEmpty ? 0 : 1, -position)
    }

    @Test(arguments: [
        (HostPattern.exact("a.example.org"), ["*.example.org"], true),
        (.exact("a.b.example.org"), ["*.example.org"], false),
        (.exact("example.org"), ["*.example.org"], false), (.exact("[::1]"), ["::1"], true), (.any, ["x"], true),
        (.wildcard("example.org"), ["www.example.org"], true), (.wildcard("example.org"), ["*.example.org"], true),
        (.wildcard("example.org"), ["example.org"], false),
    ])
    func certificateNames(_ host: HostPattern, _ names: [String], _ expected: Bool) {
        #expect(CertificateNames(names).meet(host) == expected)
    }
}
