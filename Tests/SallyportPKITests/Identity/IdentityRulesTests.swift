import SallyportConfig
import SallyportModel
import Testing

@testable import SallyportPKI

@Suite struct IdentityRulesTests {
    private func chain(
        authority: String = "clients", commonName: String? = "alice", uris: [String] = [], dns: [String] = [],
        emails: [String] = [], organizations: [String] = [], units: [String] = []
    ) -> VerifiedChain {
        VerifiedChain(
            facts: CertificateFacts(
                subject: "", issuer: "", serial: "01", commonName: commonName, organizations: organizations,
                organizationalUnits: units, dnsNames: dns, uris: uris, emails: emails, notBefore: 0, notAfter: 1,
                fingerprint: [UInt8](repeating: 7, count: 32), der: []),
            authority: authority, intermediates: [], validFrom: 0, validUntil: 1, path: [],
            status: StatusPath(authority: "clients", subjects: [], anchorKeyFingerprint: []))
    }

    private func holds(_ rule: IdentityRule, _ chain: VerifiedChain) -> Bool {
        IdentityRules([rule]).names(for: chain).contains(rule.name)
    }

    @Test(arguments: [
        ("spiffe://a/b", "spiffe://a/b", true), ("spiffe://a/b", "spiffe://a/c", false),
        ("spiffe://a/b", "spiffe://a/b/", false), ("spiffe://a/b", "spiffe://A/b", false),
        ("spiffe://a/b", "SPIFFE://a/b", false), ("spiffe://a/b/*", "spiffe://a/b/c", true),
        ("spiffe://a/b/*", "spiffe://a/b/c/d", true), ("spiffe://a/b/*", "spiffe://a/b", false),
        ("spiffe://a/b/*", "spiffe://a/b/", false), ("spiffe://a/b/*", "spiffe://a/bc/d", false),
        ("spiffe://a/b/*", "spiffe://a/b/../c", false), ("spiffe://a/b/*", "spiffe://a/b/./c", false),
        ("spiffe://a/b/*", "spiffe://a/b//c", false), ("spiffe://a/b/*", "spiffe://a/b/%2e%2e/c", false),
        ("spiffe://a/b/*", "spiffe://a/b/c?x", false), ("spiffe://a/b/*", "spiffe://a/b/c#x", false),
        ("spiffe://a/*b", "spiffe://a/cb", false), ("spiffe://a/b*", "spiffe://a/bc", false),
    ])
    func uri(_ pattern: String, _ uri: String, _ expected: Bool) {
        #expect(holds(IdentityRule(name: "x", uri: pattern), chain(uris: [uri])) == expected)
    }

    @Test(arguments: [
        ("a.example", "a.example", true), ("A.Example", "a.example", true), ("a.example", "b.example", false),
        ("*.example", "a.example", true), ("*.example", "a.b.example", false), ("*.example", "example", false),
        ("*.example", ".example", false), ("*.example", "*.example", false), ("a.example", "*.example", false),
        ("*.example", "a.example.evil", false), ("a.example", "a.example.", false),
    ])
    func dns(_ pattern: String, _ name: String, _ expected: Bool) {
        #expect(holds(IdentityRule(name: "x", dns: pattern), chain(dns: [name])) == expected)
    }

    @Test func anyOfSeveralNamesOfTheCertificateWillDo() {
        #expect(holds(IdentityRule(name: "x", dns: "b.example"), chain(dns: ["a.example", "b.example"])))
        #expect(!holds(IdentityRule(name: "x", dns: "b.example"), chain()))
    }

    @Test func everyGivenFieldMustHold() {
        let rule = IdentityRule(name: "ops", email: "a@b.example", organizationalUnit: "Operations", issuer: "clients")
        #expect(holds(rule, chain(emails: ["a@b.example"], units: ["Sales", "Operations"])))
        #expect(!holds(rule, chain(authority: "others", emails: ["a@b.example"], units: ["Operations"])))
        #expect(!holds(rule, chain(units: ["Operations"])))
        #expect(!holds(rule, chain(emails: ["A@b.example"], units: ["Operations"])))
        #expect(!holds(rule, chain(emails: ["a@b.example"], units: ["operations"])))
        #expect(!holds(IdentityRule(name: "nothing"), chain()), "a rule without a condition names nobody")
    }

    @Test func textIsComparedByteForByte() {
        let composed = "Caf\u{e9}"
        let decomposed = "Cafe\u{301}"
        #expect(composed == decomposed, "which is why == will not do")
        #expect(holds(IdentityRule(name: "x", organization: composed), chain(organizations: [composed])))
        #expect(!holds(IdentityRule(name: "x", organization: composed), chain(organizations: [decomposed])))
        #expect(!holds(IdentityRule(name: "x", commonName: "alice"), chain(commonName: "alice\0")))
        #expect(!holds(IdentityRule(name: "x", commonName: "alice"), chain(commonName: nil)))
    }

    @Test func fingerprint() {
        #expect(holds(IdentityRule(name: "x", fingerprint: [UInt8](repeating: 7, count: 32)), chain()))
        #expect(!holds(IdentityRule(name: "x", fingerprint: [7]), chain()))
        #expect(!holds(IdentityRule(name: "x", fingerprint: []), chain()))
    }

    @Test func commonNameCountsByItselfOnlyUnderTheBuiltInAuthority() {
        #expect(IdentityRules([]).names(for: chain(authority: Builtin.authority)) == ["alice"])
        #expect(IdentityRules([]).names(for: chain(authority: "clients")).isEmpty)
        #expect(IdentityRules([]).names(for: chain(authority: Builtin.authority, commonName: nil)).isEmpty)
    }

    @Test func theNameOfAGroupIsNobodys() {
        let groups = IdentityGroups([.init("alice", ["bob"])])
        #expect(IdentityRules([], groups: groups).names(for: chain(authority: Builtin.authority)).isEmpty)
    }

    @Test func aRuleTakesThePlaceOfTheImplicitName() {
        let rules = IdentityRules([IdentityRule(name: "alice", uri: "spiffe://a/alice")])
        #expect(rules.names(for: chain(authority: Builtin.authority)).isEmpty)
        #expect(rules.names(for: chain(authority: Builtin.authority, uris: ["spiffe://a/alice"])) == ["alice"])
    }

    @Test func namesComeInTheOrderOfTheFile() {
        let rules = IdentityRules([
            IdentityRule(name: "b", commonName: "alice"), IdentityRule(name: "a", issuer: "clients"),
            IdentityRule(name: "c", commonName: "bob"), IdentityRule(name: "b", issuer: "clients"),
        ])
        #expect(rules.names(for: chain()) == ["b", "a"])
    }
}
