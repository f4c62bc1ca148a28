import Testing

@testable import SallyportTLS

@Suite struct ServerNamesTests {
    @Test(arguments: [
        ("example.org", true), ("a.wild.example", true), ("wild.example", false), ("a.b.wild.example", false),
        (".wild.example", false), ("xexample.org", false), ("org", false), ("", false),
    ])
    func aWildcardIsOneLabel(name: String, covered: Bool) {
        #expect(ServerNames(["example.org", "*.wild.example"]).contains(name) == covered)
    }
}
