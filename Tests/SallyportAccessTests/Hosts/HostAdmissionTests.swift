import SallyportConfig
import SallyportModel
import Testing

@testable import SallyportAccess

@Suite struct HostAdmissionTests {
    private static let names = ["example.org", "*.example.org", "localhost", "127.0.0.1", "::1"]
    private static let plan = plan()

    /// www and shop have rules of their own, under one certificate with everything else.
    private static func plan(_ without: MissingServerName = .listener) -> ListenerTLSPlan {
        ListenerTLSPlan(
            ListenerTLS(
                profile: "own", certificate: .builtin(names: names),
                hosts: [
                    TLSHost(host: .exact("www.example.org"), profile: "open"),
                    TLSHost(host: .exact("blog.example.org"), profile: "open"),
                    TLSHost(host: .wildcard("in.example.org"), profile: "strict"),
                ], withoutServerName: without))
    }

    private static func reason(
        _ host: String, _ serverName: String?, shown: [String] = names, plan: ListenerTLSPlan = plan
    ) -> Reason? {
        let handshake = HandshakeHost(
            serverName: serverName, policy: plan.policy(serverName: serverName), certificate: CertificateNames(shown))
        return misdirection(of: host, on: handshake, plan: plan)?.reason
    }

    @Test(arguments: [
        "example.org", "www.example.org", "a.in.example.org", "a.example.org", "localhost", "unknown.test",
    ])
    func theNameOfTheHandshakeIsServed(_ host: String) {
        #expect(Self.reason(host, host) == nil)
        // Even where the certificate does not bear it: whether there is a handshake at all was decided before.
        #expect(Self.reason(host, host, shown: []) == nil)
    }

    @Test(arguments: [
        ("www.example.org", "example.org"), ("example.org", "www.example.org"), ("a.in.example.org", "example.org"),
        ("a.in.example.org", "www.example.org"), ("www.example.org", "a.in.example.org"),
        ("localhost", "www.example.org"), ("127.0.0.1", "www.example.org"), ("[::1]", "a.in.example.org"),
    ])
    func hostsUnderOtherRulesAreMisdirected(_ host: String, _ serverName: String) {
        #expect(Self.reason(host, serverName) == .wrongHost)
        #expect(Self.reason(host, serverName, shown: [host, serverName]) == .wrongHost)
    }

    @Test(arguments: [
        ("a.example.org", "b.example.org"), ("blog.example.org", "www.example.org"), ("localhost", "example.org"),
        ("127.0.0.1", "localhost"), ("[::1]", "localhost"),
    ])
    func hostsUnderTheSameRulesNeedTheCertificate(_ host: String, _ serverName: String) {
        #expect(Self.reason(host, serverName) == nil)
        #expect(Self.reason(host, serverName, shown: [serverName]) == .wrongHost)
    }

    @Test func aWildcardCertificateCoversOneLabel() {
        #expect(Self.reason("b.in.example.org", "a.in.example.org", shown: ["*.in.example.org"]) == nil)
        #expect(Self.reason("b.in.example.org", "a.in.example.org", shown: ["*.example.org"]) == .wrongHost)
    }

    @Test(arguments: ["example.org", "localhost", "127.0.0.1", "[::1]", "10.1.2.3", "anything.test"])
    func withoutServerNameTheListenersOwnHostsAreServed(_ host: String) {
        #expect(Self.reason(host, nil) == nil)
        #expect(Self.reason(host, nil, plan: Self.plan(.refuse)) == .wrongHost)
    }

    @Test(arguments: ["www.example.org", "blog.example.org", "a.in.example.org"])
    func withoutServerNameNoHostWithRulesOfItsOwnIsReached(_ host: String) {
        #expect(Self.reason(host, nil) == .wrongHost)
    }

    /// A connection of an older configuration is under what the new one says of its server name.
    @Test func aNewPlanIsAskedAnew() {
        let before = ListenerTLSPlan(ListenerTLS(profile: "own", certificate: .builtin(names: Self.names)))
        let handshake = HandshakeHost(
            serverName: "example.org", policy: before.policy(serverName: "example.org"),
            certificate: CertificateNames(Self.names))
        #expect(misdirection(of: "www.example.org", on: handshake, plan: before) == nil)
        let after = handshake.under(Self.plan)
        #expect(misdirection(of: "www.example.org", on: after, plan: Self.plan)?.reason == .wrongHost)
        #expect(misdirection(of: "example.org", on: after, plan: Self.plan) == nil)
        let unnamed = HandshakeHost(serverName: nil, policy: .listener, certificate: CertificateNames(Self.names))
        let refusing = Self.plan(.refuse)
        #expect(misdirection(of: "localhost", on: unnamed.under(refusing), plan: refusing)?.reason == .wrongHost)
    }
}
