import Glibc

/// Moments as people at this machine read them.
enum LocalTime {
    /// `14:02:11`. - Parameter second: Since 1970.
    static func ofDay(_ second: Int64) -> String {
        let parts = parts(second)
        return [parts.tm_hour, parts.tm_min, parts.tm_sec].map { padded($0, 2) }.joined(separator: ":")
    }

    /// `2026-11-23 14:02`. - Parameter second: Since 1970.
    static func minute(_ second: Int64) -> String {
        let parts = parts(second)
        let day = [padded(parts.tm_year + 1900, 4), padded(parts.tm_mon + 1, 2), padded(parts.tm_mday, 2)]
        return "\(day.joined(separator: "-")) \(padded(parts.tm_hour, 2)):\(padded(parts.tm_min, 2))"
    }

    /// `2026-11-23 14:02:11`. - Parameter second: Since 1970.
    static func second(_ second: Int64) -> String { "\(minute(second)):\(padded(parts(second).tm_sec, 2))" }

    private static func parts(_ second: Int64) -> tm {
        var time = time_t(second)
        var parts = tm()
        localtime_r(&time, &parts)
        return parts
    }

    private static func padded(_ value: Int32, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
