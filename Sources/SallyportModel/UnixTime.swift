import Glibc

/// The time of day. Certificates and logs are measured by it; it may be set back, so never measure how long something
/// took with it.
package enum UnixTime {
    /// Seconds since 1970.
    package static func seconds() -> Int64 { now().seconds }

    /// Nanoseconds since 1970.
    package static func nanoseconds() -> Int64 {
        let now = now()
        return now.seconds * 1_000_000_000 + now.nanoseconds
    }

    private static func now() -> (seconds: Int64, nanoseconds: Int64) {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return (Int64(time.tv_sec), Int64(time.tv_nsec))
    }
}
