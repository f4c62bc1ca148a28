/// Now, by both clocks: rates are counted by one that does not go back, quotas of a day or month by the calendar.
package struct LimitTime: Sendable, Hashable {
    /// Of a clock that does not go back.
    package var nanoseconds: UInt64
    /// Seconds since 1970, UTC.
    package var unix: Int64

    package init(nanoseconds: UInt64, unix: Int64) {
        self.nanoseconds = nanoseconds
        self.unix = unix
    }
}
