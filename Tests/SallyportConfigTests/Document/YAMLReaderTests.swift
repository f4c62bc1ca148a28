import Testing

@testable import SallyportConfig

@Suite struct YAMLReaderTests {
    @Test func noDocumentTakesLong() {
        let clock = ContinuousClock()
        let hostile = [
            String(repeating: "[", count: 20_000), String(repeating: "{a: ", count: 20_000),
            String(repeating: "- ", count: 20_000), String(repeating: "? ", count: 20_000),
            String(repeating: "&a ", count: 20_000), String(repeating: "*a ", count: 20_000),
            String(repeating: "\"", count: 20_001), String(repeating: "a: ", count: 20_000),
            String(repeating: "!a ", count: 20_000), "[" + String(repeating: "a, ", count: 90_000) + "]",
            "a: " + String(repeating: "x", count: 400_000), String(repeating: "a:\n", count: 20_000),
        ]
        for text in hostile {
            let elapsed = clock.measure { #expect(Sample.load(text).configuration == nil) }
            #expect(elapsed < .seconds(10), "\(text.prefix(12))… took \(elapsed)")
        }
    }

    @Test func manyDuplicatesAreReportedAsFarAsTheyCanBeToldApart() {
        let keys = (0..<100).map { "k\($0): 1\nk\($0): 2\n" }.joined()
        let codes = Sample.codes("version: 1\n" + keys)
        #expect(codes.contains("SP1103"))
        #expect(codes.count < 60)
    }

    @Test(arguments: [
        "a: 1\n\"a\": 2\n", "\"a\": 1\n'a': 2\n", "&x a: 1\na: 2\n", "{a: 1, a: 2}\n", "\"\": 1\n\"\": 2\n",
        "? a\n: 1\n? a\n: 2\n", "\"\\u0061\": 1\na: 2\n", "é: 1\né: 2\n",
    ])
    func equalKeysAreFoundHoweverTheyAreWritten(_ text: String) {
        #expect(Sample.codes(text).contains("SP1103"))
    }

    @Test func keysThatDifferOnlyInCaseAreNotEqual() {
        #expect(!Sample.codes("a: 1\nA: 2\n").contains("SP1103"))
    }

    @Test func aliasesAreCountedAsWhatTheyStandFor() {
        let row = "[" + Array(repeating: "*a", count: 200).joined(separator: ", ") + "]"
        let list = "[" + Array(repeating: "x", count: 1000).joined(separator: ", ") + "]"
        #expect(Sample.codes("a: &a \(list)\nb: \(row)\n") == ["SP1106"])
    }

    @Test func textThatLooksLikeAnAliasIsLeftAlone() throws {
        let text =
            Sample.listener + """
                routes:
                  - match: { path: /, headers: { x-a: "*a *b", x-b: 'see *c', x-c: 2 *d } }
                    allow: [alice]
                    to: http://127.0.0.1:9000

                """
        let configuration = try #require(Sample.load(text).configuration)
        #expect(configuration.routes[0].match.headers.map(\.value) == ["*a *b", "see *c", "2 *d"])
    }

    @Test func columnsCountUnicodeScalars() throws {
        let result = Sample.load("version: 1 # é\n\"日本\": { x: 1 }\n", files: [:])
        let finding = try #require(result.diagnostics.last)
        #expect(finding.location?.line == 2)
        #expect(finding.location?.column == 1)
        #expect(finding.location?.length == 4)
    }

    /// Whatever a file says, loading ends in an answer.
    @Test func mutatedFilesNeverCrashTheLoader() {
        var random = SeededRandom(state: 20_261_123)
        let seeds = GoldenCase.all(in: "good").map(\.text) + GoldenCase.all(in: "bad").map(\.text)
        for seed in seeds where !seed.isEmpty {
            for _ in 0..<6 {
                let mutated = random.mutate(seed)
                let loader = ConfigurationLoader(environment: [:], reader: MemoryFiles([:]))
                let result = loader.load(text: mutated, name: "fuzz")
                #expect((result.configuration == nil) == result.diagnostics.contains { $0.severity == .error })
                for format in DiagnosticReport.Format.allCases { _ = result.report.rendered(as: format) }
            }
        }
    }
}

/// SplitMix64.
struct SeededRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func mutate(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        let marks = Array("[]{}:,-?&*!|>'\"#%@` \n\t\\~0a".utf8) + [0x00, 0xFF, 0xC3, 0xE2]
        for _ in 0..<Int.random(in: 1...6, using: &self) where !bytes.isEmpty {
            let index = Int.random(in: bytes.indices, using: &self)
            switch Int.random(in: 0..<5, using: &self) {
            case 0: bytes[index] = marks.randomElement(using: &self) ?? 0
            case 1: bytes.remove(at: index)
            case 2: bytes.insert(marks.randomElement(using: &self) ?? 0, at: index)
            case 3: bytes.removeSubrange(index...)
            default:
                let end = Int.random(in: index...bytes.count, using: &self)
                bytes.insert(contentsOf: bytes[index..<end], at: index)
            }
        }
        return bytes
    }
}
