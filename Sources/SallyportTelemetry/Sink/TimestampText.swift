/// RFC 3339 text of moments, keeping the text of the last second because neighbours mostly share it.
struct TimestampText {
    private var second: Int64 = .min
    private var text: [UInt8] = []

    /// - Parameter nanoseconds: Since 1970; before 1970 is shown as 1970.
    mutating func append(_ nanoseconds: Int64, to output: inout [UInt8]) {
        let moment = max(nanoseconds, 0)
        let (whole, fraction) = moment.quotientAndRemainder(dividingBy: 1_000_000_000)
        if whole != second {
            second = whole
            text = Self.text(of: whole)
        }
        output.append(contentsOf: text)
        Self.append(Int(fraction / 1000), digits: 6, to: &output)
        output.append(UInt8(ascii: "Z"))
    }

    /// `2026-11-23T13:33:01.`
    private static func text(of second: Int64) -> [UInt8] {
        let (days, time) = Int(second).quotientAndRemainder(dividingBy: 86_400)
        let (year, month, day) = civil(fromDays: days)
        var output: [UInt8] = []
        let parts = [
            (year, 4, "-"), (month, 2, "-"), (day, 2, "T"),
            (time / 3600, 2, ":"), (time / 60 % 60, 2, ":"), (time % 60, 2, "."),
        ]
        for (value, digits, separator) in parts {
            append(value, digits: digits, to: &output)
            output += Array(separator.utf8)
        }
        return output
    }

    /// Gregorian date of a day counted from 1970-01-01, by eras of 400 years that begin on 1 March.
    private static func civil(fromDays days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let (era, dayOfEra) = shifted.quotientAndRemainder(dividingBy: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    }

    private static func append(_ value: Int, digits: Int, to output: inout [UInt8]) {
        var divisor = 1
        for _ in 1..<digits { divisor *= 10 }
        while divisor > 0 {
            output.append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
            divisor /= 10
        }
    }
}
