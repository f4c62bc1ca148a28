import SallyportConfig
import SallyportHTTP
import SallyportModel
import Testing

@testable import SallyportAccess

@Suite struct RouteTableTests {
    /// Routes by name; the outcome of a request is the name of its route, `405` or `404`.
    private func outcome(
        _ routes: [Route], _ request: String, host: String = "api.example.org", fields: String = ""
    ) throws -> String {
        let listener = Listener(
            name: "main", address: SocketAddressText(host: "", port: 8443),
            kind: .tls(ListenerTLS(profile: Builtin.profile, certificate: .builtin(names: ["localhost"]))))
        let table = RouteTable(Configuration(listeners: [listener], routes: routes))
        let head = try #require(try head(request, host: host, fields: fields))
        switch try #require(table.routes(of: "main")).route(head) {
        case .route(let route): return route.route.name
        case .methodNotAllowed(let methods): return "405 \(methods.joined(separator: ","))"
        case .none: return "404"
        }
    }

    private func head(_ request: String, host: String, fields: String) throws -> RequestHead? {
        let bytes = Array("\(request) HTTP/1.1\r\nHost: \(host)\r\n\(fields)\r\n".utf8)
        var parser = RequestParser(limits: HTTPLimits())
        guard case .head(let head) = parser.next(bytes.span.bytes).event else { return nil }
        return head
    }

    private func route(
        _ name: String, host: HostPattern = .any, _ path: PathPattern, methods: [String] = [],
        headers: [HeaderMatch] = [], listener: String? = nil
    ) -> Route {
        Route(
            name: name, listener: listener,
            match: RouteMatch(host: host, path: path, methods: methods, headers: headers), allow: .anyone, upstream: "u")
    }

    @Test func exactBeatsPrefixAndLongerPrefixBeatsShorter() throws {
        let routes = [
            route("all", .prefix("")), route("orders", .prefix("/orders")), route("mine", .prefix("/orders/mine")),
            route("exact", .exact("/orders/mine/1")),
        ]
        for order in [routes, routes.reversed()] {
            #expect(try outcome(order, "GET /orders/mine/1") == "exact")
            #expect(try outcome(order, "GET /orders/mine/2") == "mine")
            #expect(try outcome(order, "GET /orders/mine") == "mine")
            #expect(try outcome(order, "GET /orders") == "orders")
            #expect(try outcome(order, "GET /ordersX") == "all")
            #expect(try outcome(order, "GET /") == "all")
        }
    }

    @Test func prefixEndsAtASegment() throws {
        let routes = [route("admin", .prefix("/admin"))]
        #expect(try outcome(routes, "GET /admin/x") == "admin")
        #expect(try outcome(routes, "GET /admin?x") == "admin")
        #expect(try outcome(routes, "GET /administrator") == "404")
        #expect(try outcome(routes, "GET /x/../admin") == "admin")
        #expect(try outcome(routes, "GET /%61dmin/") == "admin")
        #expect(try outcome(routes, "GET //admin") == "admin")
        #expect(try outcome(routes, "GET /Admin") == "404")
    }

    @Test func hostsFromExactToAny() throws {
        let routes = [
            route("any", .prefix("")), route("wild", host: .wildcard("example.org"), .prefix("")),
            route("exact", host: .exact("api.example.org"), .prefix("/v1")),
        ]
        #expect(try outcome(routes, "GET /v1", host: "api.example.org") == "exact")
        #expect(try outcome(routes, "GET /v1", host: "API.example.org:8443") == "exact")
        #expect(try outcome(routes, "GET /other", host: "api.example.org") == "wild")
        #expect(try outcome(routes, "GET /v1", host: "a.b.example.org") == "any")
        #expect(try outcome(routes, "GET /v1", host: "example.org") == "any")
        #expect(try outcome(routes, "GET /v1", host: "evilexample.org") == "any")
    }

    @Test func methodsDecideAndAreNamed() throws {
        let routes = [route("read", .exact("/a"), methods: ["GET", "HEAD"]), route("write", .exact("/a"), methods: ["POST"])]
        #expect(try outcome(routes, "GET /a") == "read")
        #expect(try outcome(routes, "POST /a") == "write")
        #expect(try outcome(routes, "DELETE /a") == "405 GET,HEAD,POST")
        #expect(try outcome(routes, "get /a") == "405 GET,HEAD,POST")
        #expect(try outcome(routes, "DELETE /b") == "404")
    }

    @Test func headerConditions() throws {
        let two = [HeaderMatch(name: "x-version", value: "2")]
        let routes = [route("plain", .exact("/a")), route("two", .exact("/a"), headers: two)]
        #expect(try outcome(routes, "GET /a") == "plain")
        #expect(try outcome(routes, "GET /a", fields: "X-Version: 2\r\n") == "two")
        #expect(try outcome(routes, "GET /a", fields: "X-Version: 22\r\n") == "plain")
        #expect(try outcome(routes, "GET /a", fields: "X-Version: 2\r\nx-version: 3\r\n") == "plain")
        #expect(try outcome(routes, "GET /a", fields: "X-Version: 2\r\nConnection: x-version\r\n") == "plain")
    }

    @Test func aRouteOfAnotherListenerIsNotThere() throws {
        #expect(try outcome([route("other", .prefix(""), listener: "elsewhere")], "GET /") == "404")
    }
}
