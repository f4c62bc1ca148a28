/// Bounds the lines about refused credentials: whoever sends bad tokens in a loop must not fill the log.
///
/// Each kind of refusal has its own measure, so a flood of one does not hide the first of another. A value; one for
/// each event loop.
struct RefusalMeter {
    private struct Measure {
        var left: Int
        var filledAt: Int64
        var withheld = 0
    }

    /// Lines at once, and the time after which one more may be written, seconds.
    static let burst = 10
    static let pause: Int64 = 1

    /// By code; as many as there are reasons.
    private var measures: [UInt16: Measure] = [:]

    /// - Parameter now: seconds; may be set back, which lets no line more through.
    /// - Returns: how many lines of the kind were withheld since the last one; nil to withhold this one.
    mutating func admit(_ code: UInt16, at now: Int64) -> Int? {
        var measure = measures[code] ?? Measure(left: Self.burst, filledAt: now)
        defer { measures[code] = measure }
        let due = max(0, now - measure.filledAt) / Self.pause
        measure.left = Int(min(Int64(Self.burst), Int64(measure.left) + min(due, Int64(Self.burst))))
        measure.filledAt = now
        guard measure.left > 0 else {
            measure.withheld += 1
            return nil
        }
        measure.left -= 1
        defer { measure.withheld = 0 }
        return measure.withheld
    }
}
