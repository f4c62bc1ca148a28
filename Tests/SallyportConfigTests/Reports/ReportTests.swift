import Testing

@testable import SallyportConfig

@Suite struct ReportTests {
    private func configuration(_ text: String) throws -> Configuration {
        let result = Sample.load(text)
        return try #require(result.configuration, "\(result.report.rendered(as: .text))")
    }

    @Test func equalMeaningIsNoDifference() throws {
        let other = """
            # the same, written out
            routes: [ { to: "http://127.0.0.1:9000/", allow: [alice], match: { path: "/*" } } ]
            listeners:
              main: { tls: { profile: default, names: [LOCALHOST] }, address: ":8443" }
            tlsProfiles: { default: { clientCertificates: { maxDepth: 3 } } }
            policies: { baseline: { limits: { body: 10240KiB } } }
            version: 1
            """
        let changes = ConfigurationDifference.between(
            old: try configuration(Sample.smallest), new: try configuration(other))
        #expect(changes.isEmpty, "\(changes)")
    }

    @Test func differencesNameTheKey() throws {
        let old = try configuration(Sample.smallest)
        let new = try configuration(
            Sample.smallest.replacing("[alice]", with: "[alice, bob]") + """
                  - { name: added, match: { path: /x }, allow: [], to: "http://127.0.0.1:9000" }
                policies: { baseline: { limits: { body: 1MiB } } }
                """)
        let changes = ConfigurationDifference.between(old: old, new: new)
        #expect(
            ConfigurationDifference.text(changes) == """
                ~ policies.baseline.limits.body: "10MiB" → "1MiB"
                ~ routes.routes[0].allow: ["alice"] → ["alice","bob"]
                + routes.added: {"match":{"host":"any","path":"/x"},"allow":[],"to":"http://127.0.0.1:9000"}

                """)
        let back = ConfigurationDifference.between(old: new, new: old)
        #expect(back.map(\.kind) == [.changed, .removed, .changed])
        #expect(ConfigurationDifference.json(back).contains("\"kind\": \"removed\""))
    }

    @Test func theOrderOfRoutesIsADifference() throws {
        let routes = [
            "  - { name: a, match: { path: /x }, allow: [alice], to: \"http://127.0.0.1:1\" }\n",
            "  - { name: b, match: { path: /y }, allow: [alice], to: \"http://127.0.0.1:1\" }\n",
        ]
        let old = try configuration(Sample.listener + "routes:\n" + routes.joined())
        let new = try configuration(Sample.listener + "routes:\n" + routes.reversed().joined())
        #expect(
            ConfigurationDifference.between(old: old, new: new) == [
                Change(path: "routes (order)", kind: .changed, old: "a, b", new: "b, a")
            ])
    }

    @Test func policiesSayWhatHolds() throws {
        let text = EffectivePolicies.text(try configuration(Sample.smallest))
        #expect(
            text == """
                route routes[0]
                  listener            main (:8443)
                  host                any
                  path                /
                  methods             every method
                  allow               alice
                  client certificate  require, from local
                  limits              body 10MiB, headers 32KiB, headerCount 100
                  upstream            http://127.0.0.1:9000

                """)
        #expect(EffectivePolicies.json(try configuration(Sample.smallest)).contains("\"mode\": \"require\""))
    }

    /// One route, and for each set of TLS rules which names come under it and what is asked of clients there.
    @Test func policiesSayWhichEntryWins() throws {
        let configuration = try configuration(
            """
            version: 1
            tlsProfiles:
              open: { clientCertificates: { mode: none, because: "public" } }
              either: { clientCertificates: { mode: optional, because: "public" } }
            listeners:
              main:
                address: ":8443"
                tls:
                  names: [example.org, "*.example.org"]
                  hosts:
                    "*.example.org": { profile: either }
                    www.example.org: { profile: open }
            routes:
              - { match: { path: /x }, allow: anyone, because: "x", clientCertificate: require, to: "http://127.0.0.1:1" }
            """)
        let lines = EffectivePolicies.text(configuration).split(separator: "\n")
        #expect(
            lines.filter { $0.contains("TLS rules") || $0.contains("client certificate") } == [
                "  TLS rules of        every name without an entry in `hosts` (profile default)",
                "  client certificate  require, from local",
                "  TLS rules of        *.example.org (profile either)",
                "  client certificate  required by the route, from local",
                "  TLS rules of        www.example.org (profile open)",
                "  client certificate  none, and the route requires one: always 403",
            ])
        let json = EffectivePolicies.json(configuration)
        #expect(json.contains("\"requiredByRoute\": true") && json.contains("\"tlsProfile\": \"either\""))
    }

    @Test(arguments: [
        (JSONValue.string("a\"\\\n\u{1}\u{7F}\u{2028}é"), #""a\"\\\n\u0001\u007f\u2028é""#), (.array([]), "[]"),
        (.members(["a": nil, "b": .null, "c": .array([.integer(-1), .bool(true)])]), #"{"b":null,"c":[-1,true]}"#),
    ])
    func jsonText(_ value: JSONValue, _ expected: String) {
        #expect(value.compact == expected)
    }
}
