/// Durations outside of configurations, written as in them.
package enum DurationArgument {
    /// `30s`, `15m`, `24h`, `90d`; nil for anything else.
    package static func parse(_ text: String) -> Duration? {
        do throws(ValueError) { return try DurationText.parse(text) } catch { return nil }
    }
}
