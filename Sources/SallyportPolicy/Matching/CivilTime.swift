/// Dates of the proleptic Gregorian calendar in UTC (RFC 3339), as seconds since 1970.
enum CivilTime {
    static let weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

    static func hour(_ seconds: Int64) -> Int { Int(floorRemainder(seconds, 86_400) / 3_600) }

    static func minute(_ seconds: Int64) -> Int { Int(floorRemainder(seconds, 3_600) / 60) }

    /// 1970-01-01 was a Thursday.
    static func weekday(_ seconds: Int64) -> String { weekdays[Int(floorRemainder(day(seconds) + 3, 7))] }

    static func startOfDay(_ seconds: Int64) -> Int64 { day(seconds) * 86_400 }

    private static func day(_ seconds: Int64) -> Int64 { (seconds - floorRemainder(seconds, 86_400)) / 86_400 }

    private static func floorRemainder(_ value: Int64, _ divisor: Int64) -> Int64 {
        let rest = value % divisor
        return rest < 0 ? rest + divisor : rest
    }

    /// `2027-06-30` (its first second) or `2027-06-30T18:00:00Z`; nil for anything else and for days that do not exist.
    static func parse(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        guard bytes.count == 10 || bytes.count == 20, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            let year = number(bytes[0..<4]), let month = number(bytes[5..<7]), let day = number(bytes[8..<10]),
            (1...12).contains(month), (1...length(ofMonth: month, in: year)).contains(day)
        else { return nil }
        let midnight = days(year, month, day) * 86_400
        return bytes.count == 10 ? midnight : time(bytes[10...]).map { midnight + $0 }
    }

    private static func time(_ bytes: ArraySlice<UInt8>) -> Int64? {
        let marks = [(0, "T"), (3, ":"), (6, ":"), (9, "Z")]
        guard marks.allSatisfy({ bytes[bytes.startIndex + $0] == $1.utf8.first }),
            let hour = number(bytes.dropFirst(1).prefix(2)), let minute = number(bytes.dropFirst(4).prefix(2)),
            let second = number(bytes.dropFirst(7).prefix(2)), hour < 24, minute < 60, second < 60
        else { return nil }
        return hour * 3_600 + minute * 60 + second
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        guard digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
    }

    private static func length(ofMonth month: Int64, in year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days from 1970-01-01, counted in years that begin in March so that the leap day is the last.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month > 2 ? year : year - 1
        let century = shifted / 100
        let ofYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return shifted * 365 + shifted / 4 - century + century / 4 + ofYear - 719_468
    }
}
