import Testing

@testable import SallyportTLS

@Suite struct TimelineTests {
    @Test func theLineBranchesAtEachStepAndEndsWithTheLast() {
        let timeline = Timeline(steps: [
            .init("a", at: 0, "first", [.init("fact", "one")]), .init("b", at: 1500, "second"),
            .init("c", at: 12_340, mark: .failed, "third", [.init("long label", ["x", "y"]), .init("fix", "do")]),
        ])
        #expect(
            timeline.picture == """
                 0.0 ms ┬ first
                        │   fact  one
                 1.5 ms ├ second
                12.3 ms └ ✘ third
                            long label  x, y
                            fix         do
                """)
    }

    @Test func oneStepStandsAlone() {
        #expect(Timeline(steps: [.init("a", at: nil, "only")]).picture == " ─ only")
        #expect(Timeline().picture == "")
    }

    @Test(
        arguments: [(0, "0.0 ms"), (999, "0.9 ms"), (1_000_000, "1000 ms"), (UInt32.max, "4294967 ms")]
            as [(UInt32, String)])
    func timesAreShort(microseconds: UInt32, text: String) { #expect(Timeline.milliseconds(microseconds) == text) }

    @Test func linesBreakAtSpaces() {
        #expect(Timeline.wrapped("aa bb cc", width: 5) == ["aa bb", "cc"])
        #expect(Timeline.wrapped("abcdefgh ij", width: 5) == ["abcdefgh", "ij"])
        #expect(Timeline.wrapped("", width: 5) == [""])
    }

    @Test func longListsAreCut() {
        let fact = Timeline.Fact("list", (0..<100).map { "\($0)" })
        #expect(fact.text.hasSuffix("22, 23, and 76 more"))
        #expect(Timeline.Fact("server name", "x").key == "serverName")
        #expect(Timeline.Fact("JA4", "x").key == "ja4")
    }
}
