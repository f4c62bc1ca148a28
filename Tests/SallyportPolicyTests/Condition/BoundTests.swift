import Testing

@testable import SallyportPolicy

/// What an evaluation costs at most.
@Suite struct BoundTests {
    /// A step is left for a later one only, so none is taken twice.
    @Test(arguments: ConditionTests.rows.map(\.0) + [worst]) func stepsGoForward(_ text: String) throws {
        let condition = try Condition(text)
        for (position, step) in condition.steps.enumerated() {
            switch step {
            case .skipIfFails(let next), .skipIfHolds(let next):
                #expect(next > position && next <= condition.steps.count)
            case .test, .not, .and, .or: break
            }
        }
        #expect(condition.steps.count <= 3 * Condition.maximumParts + Condition.maximumDepth)
        #expect(condition.ranges.count == condition.steps.count)
    }

    static let worst = (0..<48).map { "request.header[\"x-\($0)\"] like \"*a*b*\"" }.joined(separator: " or ")

    /// The deepest condition that is read leaves as many outcomes waiting as there is room for.
    @Test func theDeepestConditionFitsTheStack() throws {
        let levels = Condition.maximumDepth - 1
        let text =
            String(repeating: "tls.resumed or has(token) and (", count: levels) + "has(key)"
            + String(repeating: ")", count: levels)
        let condition = try Condition(text)
        var waiting = 0
        var most = 0
        for step in condition.steps {
            switch step {
            case .test: waiting += 1
            case .and, .or: waiting -= 1
            case .not, .skipIfFails, .skipIfHolds: break
            }
            most = max(most, waiting)
        }
        #expect(waiting == 1)
        #expect(most > Condition.maximumDepth && most <= OutcomeStack.capacity)
        #expect(condition.outcome(try RequestCase.full.circumstances) == .holds)
        #expect(condition.explain(try RequestCase.full.circumstances).last?.outcome == .holds)
        #expect(throws: ConditionError.self) { try Condition("(" + text + ")") }
    }

    /// At most two comparisons a byte, for the texts that make a simple search slow.
    @Test(arguments: [1, 2, 7, 100, 1000]) func searchingIsLinear(_ count: Int) {
        let texts: [[UInt8]] = [
            [UInt8](repeating: 97, count: 8192), [[UInt8]](repeating: [97, 97, 97, 98], count: 2048).flatMap { $0 },
            [[UInt8]](repeating: [UInt8](repeating: 97, count: count) + [99], count: 8192 / (count + 1)).flatMap { $0 },
        ]
        let patterns: [[UInt8]] = [
            [UInt8](repeating: 97, count: count) + [98], [98] + [UInt8](repeating: 97, count: count),
            [UInt8](repeating: 97, count: count) + [98] + [UInt8](repeating: 97, count: count),
        ]
        for text in texts {
            for pattern in patterns {
                var comparisons = 0
                _ = BytePattern(pattern).end(in: text.span, from: 0, counting: &comparisons)
                #expect(comparisons <= 2 * text.count)
            }
        }
    }

    @Test func limitsHold() throws {
        let tests = Array(repeating: "has(key)", count: Condition.maximumParts)
        _ = try Condition(tests.joined(separator: " or "))
        #expect(throws: ConditionError.self) { try Condition((tests + ["has(key)"]).joined(separator: " or ")) }
        let numbers = Array(repeating: "1", count: Condition.maximumParts)
        _ = try Condition("time.hour in [\(numbers.joined(separator: ","))]")
        #expect(throws: ConditionError.self) {
            try Condition("time.hour in [\((numbers + ["1"]).joined(separator: ","))]")
        }
        #expect(throws: ConditionError.self) { try Condition("has(key)" + String(repeating: " ", count: 4096)) }
        #expect(throws: ConditionError.self) { try Condition(String(repeating: "not ", count: 30) + "has(key)") }
    }
}
