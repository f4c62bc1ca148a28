/// Times of certificates as seconds since 1970, in the proleptic Gregorian calendar and without leap seconds.
package enum CertificateTime {
    /// `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ`, the two forms that RFC 5280 section 4.1.2.5 allows.
    static func seconds(_ element: DERElement) throws(DERFailure) -> Int64 {
        try seconds(tag: element.tag, element.content)
    }

    /// The same of a tag and content. Allocates nothing: a revocation list has one for each entry.
    static func seconds(tag: UInt8, _ text: ArraySlice<UInt8>) throws(DERFailure) -> Int64 {
        let yearDigits = try yearLength(of: tag)
        guard text.count == yearDigits + 11, text.last == UInt8(ascii: "Z") else { throw DERFailure() }
        var position = text.startIndex
        var year = try number(text, at: &position, digits: yearDigits)
        if yearDigits == 2 { year += year < 50 ? 2000 : 1900 }
        let month = try number(text, at: &position, digits: 2)
        let dayOfMonth = try number(text, at: &position, digits: 2)
        let hour = try number(text, at: &position, digits: 2)
        let minute = try number(text, at: &position, digits: 2)
        let second = try number(text, at: &position, digits: 2)
        guard (1...12).contains(month), (1...days(inMonth: month, of: year)).contains(dayOfMonth), hour < 24,
            minute < 60, second < 60
        else { throw DERFailure() }
        let day = dayNumber(year: year, month: month, day: dayOfMonth)
        return Int64(day) * 86_400 + Int64(hour * 3600 + minute * 60 + second)
    }

    /// `2026-11-23 13:45:07Z`.
    package static func text(_ seconds: Int64) -> String {
        let day = Int((Double(seconds) / 86_400).rounded(.down))
        let rest = Int(seconds - Int64(day) * 86_400)
        let (year, month, dayOfMonth) = date(dayNumber: day)
        let clock = [rest / 3600, rest / 60 % 60, rest % 60].map(twoDigits).joined(separator: ":")
        return "\(year)-\(twoDigits(month))-\(twoDigits(dayOfMonth)) \(clock)Z"
    }

    /// `90 seconds`, `5 minutes`, `47 hours`, `3 days`: whole ones, of the largest unit that counts to two.
    package static func duration(_ seconds: Int64) -> String {
        switch seconds {
        case ..<120: "\(seconds) seconds"
        case ..<7200: "\(seconds / 60) minutes"
        case ..<172_800: "\(seconds / 3600) hours"
        default: "\(seconds / 86_400) days"
        }
    }

    private static func yearLength(of tag: UInt8) throws(DERFailure) -> Int {
        switch tag {
        case DERTag.utcTime: 2
        case DERTag.generalizedTime: 4
        default: throw DERFailure()
        }
    }

    private static func number(
        _ text: ArraySlice<UInt8>, at position: inout Int, digits: Int
    ) throws(DERFailure) -> Int {
        var value = 0
        for index in position..<(position + digits) {
            let digit = text[index]
            guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { throw DERFailure() }
            value = value * 10 + Int(digit - UInt8(ascii: "0"))
        }
        position += digits
        return value
    }

    /// `YYYYMMDDHHMMSSZ`, or `YYMMDDHHMMSSZ` for years that a UTCTime can hold, with its tag (RFC 5280 section 4.1.2.5).
    static func der(_ seconds: Int64) -> [UInt8] {
        let digits = text(seconds).utf8.filter { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        let isShort = (-631_152_000..<2_524_608_000).contains(seconds)
        let content = (isShort ? Array(digits.dropFirst(2)) : digits) + [UInt8(ascii: "Z")]
        return DERWriter.element(isShort ? DERTag.utcTime : DERTag.generalizedTime, content)
    }

    private static func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    private static func days(inMonth month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days since 1970-01-01. Counts years from March, so that the leap day is the last of its year.
    private static func dayNumber(year: Int, month: Int, day: Int) -> Int {
        let y = month <= 2 ? year - 1 : year
        let era = (y >= 0 ? y : y - 399) / 400
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func date(dayNumber: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = dayNumber + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * month + 2) / 5 + 1
        let calendarMonth = month < 10 ? month + 3 : month - 9
        return (yearOfEra + era * 400 + (calendarMonth <= 2 ? 1 : 0), calendarMonth, day)
    }
}
