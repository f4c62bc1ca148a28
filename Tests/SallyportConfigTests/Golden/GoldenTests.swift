import SallyportConfig
import Testing

/// `UPDATE_GOLDEN=1 swift test --filter GoldenTests` writes the expected texts anew; read every change.
@Suite struct GoldenTests {
    @Test(arguments: GoldenCase.all(in: "bad"))
    func refusesWithTheExpectedWords(_ golden: GoldenCase) throws {
        let result = golden.load()
        #expect(result.configuration == nil)
        #expect(result.report.errorCount > 0)
        try golden.expect(result.report.rendered(as: .text), in: "expected.txt")
    }

    @Test(arguments: GoldenCase.all(in: "good"))
    func readsWhatIsMeant(_ golden: GoldenCase) throws {
        let result = golden.load()
        let configuration = try #require(result.configuration, "\(result.report.rendered(as: .text))")
        try golden.expect(EffectiveConfiguration.json(configuration).pretty + "\n", in: "expected.json")
        if !result.diagnostics.isEmpty {
            try golden.expect(result.report.rendered(as: .text), in: "expected.txt")
        }
    }

    @Test func theCorpusIsAsLargeAsPromised() {
        #expect(GoldenCase.all(in: "bad").count >= 60)
        #expect(GoldenCase.all(in: "good").count >= 20)
    }
}
