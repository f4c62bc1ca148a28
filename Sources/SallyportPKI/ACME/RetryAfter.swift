/// The Retry-After field (RFC 9110 §10.2.3): seconds, or a date.
package enum RetryAfter {
    /// What asks for more is taken for this: a week, in seconds.
    static let most: Int64 = 7 * 86_400

    /// Seconds since 1970, not before `now`; nil without a field that can be read.
    package static func time(in response: FetchResponse, at now: Int64) -> Int64? {
        guard let text = response.value(of: "retry-after") else { return nil }
        if (1...12).contains(text.utf8.count), text.utf8.allSatisfy(\.isASCIIDigit), let seconds = Int64(text) {
            return now + min(seconds, most)
        }
        return DateText.httpDate(text).map { min(max($0, now), now + most) }
    }
}
