import Testing

@testable import SallyportPKI

@Suite struct DomainNameTests {
    @Test(arguments: ["a", "A.Example", "xn--bcher-kva.example", "_srv.a.example", "a-b.c", "1.example"])
    func accepts(_ name: String) {
        #expect(DomainName.normalized(Array(name.utf8), allowsWildcard: false) == name.lowercased())
    }

    @Test(arguments: [
        "", ".", "a.", ".a", "a..b", "-a.b", "a-.b", "a b.c", "a.b\0", "bücher.example", "1.2.3.4", "a.123",
        "*", "*.", "*.*.a", "a.*.b", "*a.b", "a*.b", "f*o.b", String(repeating: "a", count: 64),
        [String](repeating: "abcdefghi", count: 26).joined(separator: "."), "a/b", "a:1", "a@b",
    ])
    func refuses(_ name: String) {
        #expect(DomainName.normalized(Array(name.utf8), allowsWildcard: true) == nil)
    }

    @Test func wildcardIsTheFirstLabelOnly() {
        #expect(DomainName.normalized(Array("*.A.example".utf8), allowsWildcard: true) == "*.a.example")
        #expect(DomainName.normalized(Array("*.a.example".utf8), allowsWildcard: false) == nil)
    }
}
