import SallyportConfig
import SallyportModel
import Testing

@testable import SallyportAccess

@Suite struct RouteTrialTests {
    private let trial = RouteTrial(
        Configuration(
            listeners: [
                Listener(
                    name: "main", address: SocketAddressText(host: "", port: 8443),
                    kind: .tls(ListenerTLS(profile: Builtin.profile, certificate: .builtin(names: ["localhost"]))))
            ],
            tlsProfiles: [Builtin.profile: TLSProfile()],
            routes: [
                Route(
                    name: "orders", match: RouteMatch(path: .prefix("/orders"), methods: ["GET"]),
                    allow: .identities(["alice"]), upstream: "orders")
            ]))

    private func code(_ method: String, _ url: String, as identity: [String]?) -> UInt16? {
        trial.run(.init(method: method, url: url, identity: identity)).reason?.code
    }

    @Test func itDecidesAsTheGatewayWould() {
        #expect(code("GET", "https://localhost:8443/orders/1", as: ["alice"]) == nil)
        #expect(code("GET", "/orders/1", as: ["alice"]) == nil)
        #expect(code("GET", "/orders/1", as: ["bob"]) == 3001)
        #expect(code("GET", "/orders/1", as: nil) == 2001)
        #expect(code("POST", "/orders/1", as: ["alice"]) == 3005)
        #expect(code("GET", "/x/../orders", as: ["alice"]) == nil)
        #expect(code("GET", "/other", as: ["alice"]) == 3003)
    }

    @Test func aRequestThatNoParserTakesIsSaidToBeThat() throws {
        let explanation = trial.run(.init(method: "GET", url: "/orders/%2f", identity: ["alice"]))
        #expect(try #require(explanation.reason).code / 1000 == 4)
    }

    @Test func itSaysWhy() {
        let explanation = trial.run(.init(method: "GET", url: "/orders", identity: ["bob"]))
        #expect(explanation.route == "orders")
        #expect(explanation.steps.last == "the route allows alice; the client is bob")
    }

    /// A listener where clients need no certificate, with one host where they do and one where none is asked for.
    private let byHost = RouteTrial(
        Configuration(
            listeners: [
                Listener(
                    name: "main", address: SocketAddressText(host: "", port: 8443),
                    kind: .tls(
                        ListenerTLS(
                            profile: "optional", certificate: .builtin(names: ["*.example.org"]),
                            hosts: [
                                TLSHost(host: .exact("strict.example.org"), profile: Builtin.profile),
                                TLSHost(host: .exact("open.example.org"), profile: "none"),
                            ])))
            ],
            tlsProfiles: [
                Builtin.profile: TLSProfile(),
                "optional": TLSProfile(clientCertificates: ClientCertificates(mode: .optional)),
                "none": TLSProfile(clientCertificates: ClientCertificates(mode: .none)),
            ],
            routes: [
                Route(name: "all", match: RouteMatch(path: .prefix("")), allow: .anyone, upstream: "u"),
                Route(
                    name: "known", match: RouteMatch(path: .prefix("/known")), allow: .anyone,
                    requiresCertificate: true, upstream: "u"),
            ]))

    @Test(arguments: [
        ("https://strict.example.org/", false, 2001), ("https://strict.example.org/", true, nil),
        ("https://www.example.org/", false, nil), ("https://www.example.org/", true, nil),
        ("https://www.example.org/known", false, 3010), ("https://www.example.org/known", true, nil),
        ("https://open.example.org/", false, nil),
        // Nobody is asked there, so nobody shows one.
        ("https://open.example.org/known", false, 3010), ("https://open.example.org/known", true, 3010),
    ])
    func theRulesAreTheHosts(_ url: String, _ hasCertificate: Bool, _ code: UInt16?) {
        let explanation = byHost.run(.init(method: "GET", url: url, identity: hasCertificate ? ["alice"] : nil))
        #expect(explanation.reason?.code == code)
    }
}
