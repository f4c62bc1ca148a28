/// Dates as ACME servers write them.
enum DateText {
    /// `Sun, 06 Nov 1994 08:49:37 GMT`, the one form of RFC 9110 §5.6.7 that may be sent; seconds since 1970.
    static func httpDate(_ text: String) -> Int64? {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[5] == "GMT", parts[0].utf8.count == 4,
            let month = months.firstIndex(of: String(parts[2]))
        else { return nil }
        let clock = parts[4].split(separator: ":", omittingEmptySubsequences: false)
        guard clock.count == 3 else { return nil }
        return seconds(parts[3], String(month + 101).dropFirst(), parts[1], clock[0], clock[1], clock[2])
    }

    /// `2026-11-23T13:45:07Z`, with a fraction or an offset as RFC 3339 allows; seconds since 1970, rounded down.
    static func rfc3339(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        guard (20...40).contains(bytes.count), bytes[4] == dash, bytes[7] == dash, bytes[10] | 0x20 == UInt8(ascii: "t"),
            bytes[13] == colon, bytes[16] == colon
        else { return nil }
        func part(_ range: Range<Int>) -> Substring { Substring(decoding: bytes[range], as: UTF8.self) }
        var rest = bytes[19...]
        if rest.first == UInt8(ascii: ".") {
            let digits = rest.dropFirst().prefix(while: \.isASCIIDigit)
            guard !digits.isEmpty else { return nil }
            rest = rest.dropFirst(1 + digits.count)
        }
        guard let offset = offset(rest),
            let time = seconds(part(0..<4), part(5..<7), part(8..<10), part(11..<13), part(14..<16), part(17..<19))
        else { return nil }
        return time - offset
    }

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    private static let dash = UInt8(ascii: "-")
    private static let colon = UInt8(ascii: ":")

    /// `Z` or `+hh:mm`, in seconds.
    private static func offset(_ bytes: ArraySlice<UInt8>) -> Int64? {
        let bytes = Array(bytes)
        if bytes.count == 1, bytes[0] | 0x20 == UInt8(ascii: "z") { return 0 }
        guard bytes.count == 6, bytes[0] == UInt8(ascii: "+") || bytes[0] == dash, bytes[3] == colon,
            let hours = number(Substring(decoding: bytes[1..<3], as: UTF8.self), 2), hours < 24,
            let minutes = number(Substring(decoding: bytes[4..<6], as: UTF8.self), 2), minutes < 60
        else { return nil }
        let seconds = Int64(hours * 3600 + minutes * 60)
        return bytes[0] == dash ? -seconds : seconds
    }

    private static func seconds(
        _ year: Substring, _ month: Substring, _ day: Substring, _ hour: Substring, _ minute: Substring, _ second: Substring
    ) -> Int64? {
        guard number(year, 4) != nil, let seconds = number(second, 2), seconds <= 60,
            [month, day, hour, minute].allSatisfy({ number($0, 2) != nil })
        else { return nil }
        // A leap second counts as the last of its minute, as everywhere on this system.
        let shown = seconds == 60 ? "59" : second
        let text = Array("\(year)\(month)\(day)\(hour)\(minute)\(shown)Z".utf8)[...]
        let element = DERElement(tag: DERTag.generalizedTime, content: text, encoded: text)
        do throws(DERFailure) { return try CertificateTime.seconds(element) } catch { return nil }
    }

    private static func number(_ text: Substring, _ digits: Int) -> Int? {
        text.utf8.count == digits && text.utf8.allSatisfy(\.isASCIIDigit) ? Int(text) : nil
    }
}
