/// A byte for each of sixteen places: zero where nobody stands, otherwise a part of the caller's hash. Eight places are
/// compared at once.
struct LimitMarks: Sendable {
    static let empty: UInt8 = 0

    /// The first place lowest.
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let tops: UInt64 = 0x8080_8080_8080_8080

    subscript(place: Int) -> UInt8 {
        get { UInt8(truncatingIfNeeded: (place < 8 ? low : high) >> (UInt64(place & 7) * 8)) }
        set {
            let shift = UInt64(place & 7) * 8
            let cleared = (place < 8 ? low : high) & ~(0xff << shift)
            if place < 8 { low = cleared | UInt64(newValue) << shift } else { high = cleared | UInt64(newValue) << shift }
        }
    }

    /// The first place that bears the mark and is accepted.
    func first(_ mark: UInt8, where isAccepted: (Int) -> Bool) -> Int? {
        Self.first(mark, in: low, from: 0, isAccepted) ?? Self.first(mark, in: high, from: 8, isAccepted)
    }

    /// A byte that is zero borrows from its top bit when one is taken away. Behind such a byte the borrow may make
    /// others look like it, so each is read again.
    private static func first(_ mark: UInt8, in word: UInt64, from start: Int, _ isAccepted: (Int) -> Bool) -> Int? {
        let differences = word ^ (ones &* UInt64(mark))
        var found = (differences &- ones) & ~differences & tops
        while found != 0 {
            let byte = found.trailingZeroBitCount / 8
            if UInt8(truncatingIfNeeded: differences >> UInt64(byte * 8)) == 0, isAccepted(start + byte) {
                return start + byte
            }
            found &= found - 1
        }
        return nil
    }
}

extension LimitKey {
    /// Never the empty one. Shards are chosen by the lowest bits of this word and buckets by the other one, so that
    /// callers who meet in a bucket differ here.
    var mark: UInt8 { max(1, UInt8(truncatingIfNeeded: low >> 56)) }
}
