import Testing

@testable import SallyportProxy

@Suite struct RefusalMeterTests {
    @Test func aFloodIsCutToAFewLinesAndCounted() {
        var meter = RefusalMeter()
        let first = (0..<1000).map { _ in meter.admit(3036, at: 100) }
        #expect(first.compactMap(\.self) == [Int](repeating: 0, count: RefusalMeter.burst))
        #expect(meter.admit(3036, at: 101) == 1000 - RefusalMeter.burst)
        #expect(meter.admit(3036, at: 101) == nil)
    }

    @Test func anotherKindIsStillSaid() {
        var meter = RefusalMeter()
        for _ in 0..<1000 { _ = meter.admit(3036, at: 100) }
        #expect(meter.admit(3039, at: 100) == 0)
    }

    @Test func timeThatGoesBackLetsNothingThrough() {
        var meter = RefusalMeter()
        for _ in 0..<1000 { _ = meter.admit(3036, at: 100) }
        #expect(meter.admit(3036, at: 10) == nil)
        #expect(meter.admit(3036, at: 11) == 1000 - RefusalMeter.burst + 1)
    }
}
