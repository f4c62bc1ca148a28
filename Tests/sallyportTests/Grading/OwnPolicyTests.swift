import SallyportConfig
import Testing

@testable import sallyport

@Suite struct OwnPolicyTests {
    private static let profiles = ["edge": TLSProfile(base: .modern), "old": TLSProfile(base: .intermediate)]

    private static func listener(_ hosts: [TLSHost], withoutServerName: MissingServerName = .listener) -> ListenerTLS {
        ListenerTLS(
            profile: "edge", certificate: .builtin(names: ["a.example", "b.example"]), hosts: hosts,
            withoutServerName: withoutServerName)
    }

    private static func all(_ tls: ListenerTLS, wanted: String? = nil) -> [OwnPolicy] {
        OwnPolicy.all(of: "main", tls, profiles: profiles, wanted: wanted)
    }

    /// To ask with the name of a host that has its own rules would grade the wrong ones.
    @Test func eachIsAskedWithANameThatLeadsToIt() {
        let found = Self.all(
            Self.listener([
                TLSHost(host: .exact("a.example"), profile: "old"), TLSHost(host: .wildcard("example.org"), profile: "old"),
            ]))
        #expect(found.map(\.greeting) == [.name("b.example"), .name("a.example")])
        #expect(found.map(\.profile.base) == [.modern, .intermediate])
        #expect(
            found.map(\.subject) == [
                "listener main (profile edge)", "listener main, host a.example, *.example.org (profile old)",
            ])
    }

    @Test func aWildcardIsAskedWithANameUnderIt() {
        let found = Self.all(Self.listener([TLSHost(host: .wildcard("example.org"), profile: "old")]))
        #expect(found.map(\.greeting) == [.name("a.example"), .name("www.example.org")])
    }

    @Test func theNameThatIsWantedIsUsedWhereItLeads() {
        let tls = Self.listener([TLSHost(host: .wildcard("example.org"), profile: "old")])
        #expect(Self.all(tls, wanted: "B.example").map(\.greeting) == [.name("b.example"), .name("www.example.org")])
        #expect(Self.all(tls, wanted: "x.example.org").map(\.greeting) == [.name("a.example"), .name("x.example.org")])
    }

    @Test func rulesThatNobodyReachesAreNotAsked() {
        let hosts = ["a.example", "b.example"].map { TLSHost(host: .exact($0), profile: "old") }
        #expect(Self.all(Self.listener(hosts, withoutServerName: .refuse)).first?.greeting == nil)
        #expect(Self.all(Self.listener(hosts)).first?.greeting == .withoutName)
    }

    @Test func manyHostsAreCounted() {
        let hosts = (1...5).map { TLSHost(host: .exact("h\($0).example"), profile: "old") }
        #expect(Self.all(Self.listener(hosts)).last?.subject == "listener main, host h1.example, h2.example, h3.example, 2 more (profile old)")
    }
}
