/// How long answers took lately, in classes of about ten percent. Two windows: one being filled, one to ask.
package struct LatencyWindow: Sendable {
    private static let perOctave = 8
    private static let classes = 34 * perOctave
    private var filling = [Int32](repeating: 0, count: classes)
    private var filled = [Int32](repeating: 0, count: classes)
    private var fillingCount = 0
    private var filledCount = 0
    private var began: Nanoseconds = .min
    private let length: Nanoseconds

    package init(length: Nanoseconds) { self.length = length }

    package var count: Int { filledCount + fillingCount }

    package mutating func record(_ duration: Nanoseconds, now: Nanoseconds) {
        if began == .min { began = now }
        if now - began >= length { turn(now) }
        filling[Self.index(of: duration)] += 1
        fillingCount += 1
    }

    /// The upper end of the class in which this share of answers is reached; nil when there are too few.
    package func quantile(_ share: Double, atLeast least: Int) -> Nanoseconds? {
        guard count >= least else { return nil }
        let wanted = Int((Double(count) * share).rounded(.up))
        var seen = 0
        for index in filling.indices {
            seen += Int(filling[index]) + Int(filled[index])
            if seen >= wanted { return Self.upperEnd(of: index) }
        }
        return nil
    }

    package mutating func clear() {
        turn(began)
        turn(began)
        began = .min
    }

    private mutating func turn(_ now: Nanoseconds) {
        swap(&filling, &filled)
        filledCount = fillingCount
        for index in filling.indices { filling[index] = 0 }
        fillingCount = 0
        began = now
    }

    /// In microseconds, by octave and linear part of it.
    private static func index(of duration: Nanoseconds) -> Int {
        let value = UInt64(max(1, duration / 1000))
        let octave = 63 - value.leadingZeroBitCount
        let part = octave < 3 ? Int(value << (3 - octave)) & 7 : Int(value >> (octave - 3)) & 7
        return min(classes - 1, octave * perOctave + part)
    }

    private static func upperEnd(of index: Int) -> Nanoseconds {
        let (octave, part) = index.quotientAndRemainder(dividingBy: perOctave)
        return Nanoseconds((Double(UInt64(1) << octave) * (1 + Double(part + 1) / 8)) * 1000)
    }
}
