import Glibc

/// Wakes one sleeping thread from any other: a pipe that is read when it rings.
///
/// Rings before the sleeper lies down are not lost, and many rings are one.
final class WakeBell: Sendable {
    private let reader: Int32
    private let writer: Int32

    /// When the process has no descriptor left, `wait` sleeps for short times instead.
    init() {
        var ends: [Int32] = [-1, -1]
        _ = pipe(&ends)
        (reader, writer) = (ends[0], ends[1])
        for end in ends where end >= 0 {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
    }

    deinit {
        for end in [reader, writer] where end >= 0 { close(end) }
    }

    /// A full pipe has rung already, so the result does not matter.
    func ring() {
        var one: UInt8 = 1
        _ = write(writer, &one, 1)
    }

    /// Returns when the bell rang or the time is over; nil waits for the bell alone.
    func wait(atMost limit: Duration?) {
        guard reader >= 0 else {
            usleep(50_000)
            return
        }
        var request = pollfd(fd: reader, events: Int16(POLLIN), revents: 0)
        _ = poll(&request, 1, limit.map(Self.milliseconds) ?? -1)
        withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { rings in
            while read(reader, rings.baseAddress, rings.count) == rings.count {}
        }
    }

    private static func milliseconds(_ duration: Duration) -> Int32 {
        let parts = duration.components
        return Int32(clamping: parts.seconds * 1000 + parts.attoseconds / 1_000_000_000_000_000)
    }
}
