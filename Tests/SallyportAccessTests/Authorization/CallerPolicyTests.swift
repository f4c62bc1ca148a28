import SallyportConfig
import SallyportHTTP
import SallyportModel
import SallyportPolicy
import Testing

@testable import SallyportAccess

/// Credential by certificate by policy by method.
@Suite struct CallerPolicyTests {
    enum Certificate: CaseIterable { case none, alice, bob }
    enum Credential: CaseIterable { case none, token, foreignToken, otherAudience, key, tokenAndKey }
    enum Rule: String, CaseIterable { case none, token, key, both, when, deny }

    private static let issuer = "https://id.example.org"

    private static func policies(_ rule: Rule) throws -> [Policy] {
        var policy = Policy(name: "p")
        let token = TokenPolicy(issuer: issuer, audiences: ["orders"])
        switch rule {
        case .none: break
        case .token: policy.jwt = token
        case .key: policy.needsAPIKey = true
        case .both:
            var baseline = Policy(name: Policy.baseline)
            baseline.jwt = token
            policy.needsAPIKey = true
            return [baseline, policy]
        case .when: policy.when = try Condition("has(token) and token.subject == 'alice'")
        case .deny: policy.deny = try Condition("request.method == 'DELETE' or key.name == 'old'")
        }
        return [policy]
    }

    private static func caller(_ certificate: Certificate, _ credential: Credential) -> Caller {
        let names: [Certificate: [String]] = [.alice: ["alice"], .bob: ["bob"]]
        var caller = Caller(
            names[certificate].map {
                Identity(
                    names: $0,
                    certificate: CertificateFacts(
                        subject: "", issuer: "", serial: "", notBefore: 0, notAfter: .max, fingerprint: [], der: []),
                    authority: "local")
            })
        func token(_ issuer: String, _ audience: String) -> TokenFacts {
            TokenFacts(issuer: issuer, subject: "alice", audience: [audience], expires: .max)
        }
        switch credential {
        case .none: break
        case .token: caller.token = token(issuer, "orders")
        case .foreignToken: caller.token = token("https://evil.example", "orders")
        case .otherAudience: caller.token = token(issuer, "stock")
        case .key: caller.key = KeyFacts(name: "new")
        case .tokenAndKey:
            caller.token = token(issuer, "orders")
            caller.key = KeyFacts(name: "new")
        }
        return caller
    }

    private static func head(_ method: String) throws -> RequestHead {
        let bytes = Array("\(method) / HTTP/1.1\r\nhost: x\r\n\r\n".utf8)
        var parser = RequestParser(limits: HTTPLimits())
        guard case .head(let head) = parser.next(bytes.span.bytes).event else { throw CancellationError() }
        return head
    }

    private static func code(_ rule: Rule, _ allow: Allow, _ caller: Caller, _ method: String) throws -> UInt16 {
        let route = CompiledRoute(
            Route(name: "r", match: RouteMatch(path: .prefix("")), allow: allow, upstream: "u"), position: 0,
            policy: CompiledPolicy(try policies(rule)))
        let circumstances = Circumstances(
            head: try head(method), client: nil, caller: caller,
            session: SessionFacts(version: "TLSv1.3", cipher: "TLS_AES_128_GCM_SHA256"), now: 0)
        switch authorize(route, caller: caller, at: 0, under: { circumstances }) {
        case .permitted: return 0
        case .refused(let reply): return reply.reason.code
        }
    }

    /// What should come out, written down a second time and another way.
    private static func expected(
        _ rule: Rule, listed: Bool, _ certificate: Certificate, _ credential: Credential, _ method: String
    ) -> UInt16 {
        let hasToken = credential == .token || credential == .tokenAndKey
        let hasKey = credential == .key || credential == .tokenAndKey
        if rule == .token && !hasToken || rule == .key && !hasKey || rule == .both && credential != .tokenAndKey {
            return 3030
        }
        if listed, certificate == .none, credential == .none { return 3002 }
        if listed, certificate != .alice { return 3001 }
        if rule == .when { return hasToken || credential == .foreignToken || credential == .otherAudience ? 0 : 3060 }
        if rule == .deny { return method == "GET" && hasKey ? 0 : 3061 }
        return 0
    }

    @Test(arguments: Rule.allCases) func table(_ rule: Rule) throws {
        for (listed, allow) in [(true, Allow.identities(["alice"])), (false, .anyone)] {
            for certificate in Certificate.allCases {
                for credential in Credential.allCases {
                    for method in ["GET", "DELETE"] {
                        let code = try Self.code(rule, allow, Self.caller(certificate, credential), method)
                        #expect(
                            code == Self.expected(rule, listed: listed, certificate, credential, method),
                            "\(rule) \(allow) \(certificate) \(credential) \(method)")
                    }
                }
            }
        }
    }

    // MARK: names

    @Test func certificateAndTokenTogether() {
        var mobile = IdentityRule(name: "mobile")
        mobile.token = TokenIdentity(
            issuer: Self.issuer, audience: "orders",
            claims: [HeaderMatch(name: "scope", value: "orders:read"), HeaderMatch(name: "roles", value: "buyer")])
        var both = IdentityRule(name: "both", commonName: "alice")
        both.token = TokenIdentity(issuer: Self.issuer)
        var robot = IdentityRule(name: "robot")
        robot.apiKey = "ci"
        let rules = [mobile, both, robot, IdentityRule(name: "plain", commonName: "alice")]
        func names(_ caller: Caller, fits: Bool = true) -> [String] {
            CallerNames.names(rules, for: caller) { _, _ in fits }
        }
        var caller = Self.caller(.none, .token)
        #expect(names(caller) == [])
        caller.token?.scope = ["orders:read"]
        #expect(names(caller) == [])
        caller.token?.claims = .object(["roles": .list([.text("seller"), .text("buyer")])])
        #expect(names(caller) == ["mobile"])
        caller.token?.claims = .object(["roles": .text("buyers")])
        #expect(names(caller) == [])
        #expect(names(Self.caller(.alice, .token)) == ["both"])
        #expect(names(Self.caller(.alice, .token), fits: false) == [])
        #expect(names(Self.caller(.alice, .foreignToken)) == [])
        #expect(names(Self.caller(.alice, .none)) == [], "a certificate alone is no identity that needs a token")
        caller = Self.caller(.none, .key)
        #expect(names(caller) == [])
        caller.key?.name = "ci"
        #expect(names(caller) == ["robot"])
    }

    // MARK: what is presented

    @Test(
        arguments: [
            ("", nil, nil), ("Authorization: Bearer abc\r\n", "abc", nil),
            ("authorization: bEARER   abc\r\n", "abc", nil),
            ("Authorization: Basic abc\r\n", nil, nil), ("Authorization: Bearer\r\n", nil, nil),
            ("Authorization: Bearerabc\r\n", nil, nil),
            ("X-API-Key: sp_x\r\n", nil, "sp_x"), ("Authorization: Bearer sp_x\r\n", nil, "sp_x"),
            ("Authorization: Bearer abc\r\nX-API-Key: sp_x\r\n", "abc", "sp_x"),
        ] as [(String, String?, String?)])
    func presented(_ fields: String, _ token: String?, _ key: String?) throws {
        let found = try read(fields)
        #expect(found.token.map { String(decoding: $0, as: UTF8.self) } == token)
        #expect(found.key.map { String(decoding: $0, as: UTF8.self) } == key)
    }

    @Test(arguments: [
        "Authorization: Bearer a\r\nAuthorization: Bearer a\r\n",
        "Authorization: Basic a\r\nauthorization: Bearer a\r\n",
        "X-API-Key: sp_a\r\nx-api-key: sp_a\r\n", "Authorization: Bearer sp_a\r\nX-API-Key: sp_b\r\n",
    ])
    func whatCouldMeanTwoThingsIsRefused(_ fields: String) {
        #expect(throws: PresentedCredentials.Ambiguous.self) { try read(fields) }
    }

    private func read(_ fields: String) throws -> PresentedCredentials {
        let bytes = Array("GET / HTTP/1.1\r\nhost: x\r\n\(fields)\r\n".utf8)
        var parser = RequestParser(limits: HTTPLimits())
        guard case .head(let head) = parser.next(bytes.span.bytes).event else { throw CancellationError() }
        return try PresentedCredentials(head) { $0.starts(with: "sp_".utf8) }
    }
}
