import Testing

@testable import sallyport

@Suite struct UnknownVerbTests {
    @Test(arguments: [
        (["chekc"], "sallyport", "check"), (["statsu", "--json"], "sallyport", "status"),
        (["cert", "lsit"], "sallyport cert", "list"), (["ca", "int"], "sallyport ca", "init"),
        (["route", "tets", "GET"], "sallyport route", "test"),
    ])
    func nearOnes(_ arguments: [String], _ parents: String, _ suggestion: String) {
        let verb = UnknownVerb.first(in: arguments, of: Sallyport.self)
        #expect(verb?.parents == parents)
        #expect(verb?.suggestion == suggestion)
    }

    @Test func farOnesGetNoSuggestion() {
        #expect(UnknownVerb.first(in: ["frobnicate"], of: Sallyport.self)?.suggestion == nil)
    }

    @Test(arguments: [
        [], ["run"], ["run", "chekc"], ["--help"], ["help", "run"], ["cert", "client", "chekc"], ["cert", "--help"],
        ["explain", "SP3001"], ["cert", "help"],
    ])
    func knownOnesPass(_ arguments: [String]) {
        #expect(UnknownVerb.first(in: arguments, of: Sallyport.self) == nil)
    }
}
