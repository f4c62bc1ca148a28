/// A day or month of the calendar in UTC.
struct CalendarWindow: Sendable, Hashable {
    /// Counted on without gaps: days or months since 1970.
    let number: UInt32
    /// Seconds since 1970.
    let start: Int64
    let end: Int64

    private static let day: Int64 = 86_400

    /// - Parameter unix: Seconds since 1970; what lies before, or after the year 9999, counts as the nearest of these.
    init(_ unit: CalendarQuota.Unit, at unix: Int64) {
        let day = min(max(0, unix), 253_402_300_799) / Self.day
        switch unit {
        case .day:
            number = UInt32(day)
            start = day * Self.day
            end = start + Self.day
        case .month:
            let (year, month) = Self.month(ofDay: day)
            number = UInt32((year - 1970) * 12 + month - 1)
            start = Self.firstDay(year, month) * Self.day
            end = (month == 12 ? Self.firstDay(year + 1, 1) : Self.firstDay(year, month + 1)) * Self.day
        }
    }

    /// Seconds.
    var length: Int64 { end - start }

    /// The first second at which the part of a former count that still counts, rounded down, is at most `wanted`.
    func moment(when count: UInt64, hasShrunkTo wanted: UInt64) -> Int64 {
        guard count > wanted else { return start }
        // ⌊count · left / length⌋ ≤ wanted  ⟺  left < (wanted + 1) · length / count
        let left = ((wanted + 1) * UInt64(length) - 1) / count
        return end - min(length, Int64(left))
    }

    // MARK: the Gregorian calendar

    /// Year and month of a day since 1970. Years are taken from March, so that the leap day is their last.
    private static func month(ofDay day: Int64) -> (year: Int64, month: Int64) {
        let fromMarch = day + 719_468
        let era = fromMarch / 146_097
        let ofEra = fromMarch % 146_097
        let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * ofYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month)
    }

    private static func firstDay(_ year: Int64, _ month: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = (shifted / 400, shifted % 400)
        let ofYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + ofYear - 719_468
    }
}
