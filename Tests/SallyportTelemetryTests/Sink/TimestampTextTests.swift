import Foundation
import Testing

@testable import SallyportTelemetry

@Suite struct TimestampTextTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000000Z"),
            (1_795_440_781_123_456_789, "2026-11-23T13:33:01.123456Z"),
            (951_782_400_000_000_000, "2000-02-29T00:00:00.000000Z"),
            (4_107_542_399_999_999_999, "2100-02-28T23:59:59.999999Z"),
            (-5, "1970-01-01T00:00:00.000000Z"),
        ] as [(Int64, String)])
    func text(_ nanoseconds: Int64, _ expected: String) {
        var clock = TimestampText()
        var output: [UInt8] = []
        clock.append(nanoseconds, to: &output)
        clock.append(nanoseconds, to: &output)
        #expect(String(decoding: output, as: UTF8.self) == expected + expected)
    }

    @Test func agreesWithFoundationOverFourHundredYears() {
        var clock = TimestampText()
        for day in stride(from: 0, to: 100_000, by: 13) {
            let second = day * 86_400 + day % 86_400
            var output: [UInt8] = []
            clock.append(Int64(second) * 1_000_000_000, to: &output)
            let expected = Date(timeIntervalSince1970: Double(second)).formatted(.iso8601)
            #expect(String(decoding: output, as: UTF8.self) == expected.dropLast() + ".000000Z")
        }
    }
}
