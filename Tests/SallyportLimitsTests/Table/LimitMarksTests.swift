import Testing

@testable import SallyportLimits

@Suite struct LimitMarksTests {
    /// The comparison of eight at once says what a loop says, neighbours that borrow included.
    @Test func findsWhatALoopFinds() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let values = (0..<16).map { _ in UInt8.random(in: 0...3, using: &random) &* 85 }
            var marks = LimitMarks()
            for (place, value) in values.enumerated() { marks[place] = value }
            #expect((0..<16).map { marks[$0] } == values)
            for wanted in [0, 1, 84, 85, 86, 170, 255] as [UInt8] {
                let refused = Int.random(in: 0..<16, using: &random)
                let expected = values.indices.first { values[$0] == wanted && $0 != refused }
                #expect(marks.first(wanted) { $0 != refused } == expected, "\(values) \(wanted) \(refused)")
            }
        }
    }

    @Test func aPlaceCanBeMarkedAnew() {
        var marks = LimitMarks()
        for place in 0..<16 { marks[place] = 0xff }
        marks[8] = 1
        #expect((0..<16).map { marks[$0] } == (0..<16).map { $0 == 8 ? 1 : 0xff })
    }

    @Test func noKeyLooksEmpty() {
        #expect(LimitKey(low: 0, high: 7).mark != LimitMarks.empty)
        #expect(LimitKey(low: 0x8000_0000_0000_0000, high: 7).mark == 0x80)
    }
}
