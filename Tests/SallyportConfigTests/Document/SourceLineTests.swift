import Testing

@testable import SallyportConfig

@Suite struct SourceLineTests {
    private func marked(_ line: String, column: Int, length: Int) -> (text: String, marked: String) {
        let file = SourceFile(name: "f", directory: "/", text: line)
        let excerpt = file.line(1).excerpt(column: column, length: length)
        let scalars = Array(excerpt.text.unicodeScalars)
        let end = min(scalars.count, excerpt.column - 1 + excerpt.length)
        let marked = excerpt.column - 1 < end ? scalars[(excerpt.column - 1)..<end] : []
        return (excerpt.text, String(String.UnicodeScalarView(marked)))
    }

    @Test(arguments: [
        ("{ key: abc, mode: x }", 13, 4, "mode"), ("{ key: abc, mode: x }", 3, 3, "key"),
        ("{ key: abc, mode: x }", 8, 3, "‹hidden›"), ("{ key: abc, mode: x }", 1, 21, "{ key: ‹hidden›, mode: x }"),
        ("{ key: abc }", 9, 1, "‹hidden›"), ("abc", 4, 1, ""), ("", 1, 1, ""),
    ])
    func theCaretMovesWithTheText(_ line: String, _ column: Int, _ length: Int, _ expected: String) {
        #expect(marked(line, column: column, length: length).marked == expected)
    }

    @Test(arguments: [0, 30, 59, 60, 61, 100, 5000])
    func longLinesAreCutAroundTheCaret(_ before: Int) {
        let line = String(repeating: "a", count: before) + "HERE" + String(repeating: "b", count: 5000)
        let shown = marked(line, column: before + 1, length: 4)
        #expect(shown.marked == "HERE")
        #expect(shown.text.unicodeScalars.count <= SourceLine.width + 2)
        #expect(shown.text.hasPrefix("…") == (before > 60))
        #expect(shown.text.hasSuffix("…"))
    }

    @Test func aSecretAtTheEdgeOfTheWindowStaysHidden() {
        for length in 0..<200 {
            let line =
                "password: " + String(repeating: "z", count: 40) + ", x: " + String(repeating: "x", count: length)
                + ", token: " + String(repeating: "z", count: 300)
            for column in [1, 30, 56, 60, 100, line.count] {
                #expect(!marked(line, column: column, length: 5).text.contains("zz"))
            }
        }
    }

    @Test func manyFindingsOnOneLongLineTakeNoTime() {
        let keys = (0..<10_000).map { "unknown\($0): 1" }.joined(separator: ", ")
        let elapsed = ContinuousClock().measure {
            #expect(Sample.load("{ version: 1, \(keys) }").diagnostics.count == 1000)
        }
        #expect(elapsed < .seconds(20))
    }

    @Test(arguments: [
        ("{ a: b } c", 8), ("[a, [b]] c", 8), ("\"a\\\"b\" c", 6), ("'a' c", 3), ("key: value", 3), ("a b, c", 3),
        ("a # b", 2), ("| ", 1), ("{ open", 1), ("", 1),
    ])
    func tokensHaveLengths(_ text: String, _ length: Int) {
        #expect(TokenLength.of(Array(text.unicodeScalars)[...]) == length)
    }
}
