import Testing

@testable import SallyportTLS

@Suite struct ConnectionIDTests {
    @Test func noTwoAreTheSame() {
        let names = (0..<10_000).map { _ in ConnectionID.next().text }
        #expect(Set(names).count == names.count)
    }

    @Test func theTextIsReadBack() throws {
        for _ in 0..<100 {
            let name = ConnectionID.next()
            #expect(name.text.utf8.count == 13)
            #expect(ConnectionID(name.text) == name)
            #expect(ConnectionID(name.text.uppercased()) == name)
        }
    }

    @Test(arguments: [
        "", "hs-", "hs-000000000", "hs-00000000000", "hs-00000000i0", "hs-0000000 00", "SP3001", "hs-00000000é",
        "0000000000", "listeners.tls",
    ])
    func nothingElseIsAName(text: String) { #expect(ConnectionID(text) == nil) }
}
