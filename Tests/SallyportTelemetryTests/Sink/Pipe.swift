import Glibc

@testable import SallyportTelemetry

/// A pipe whose writing end a sink gets and whose reading end the test holds.
final class Pipe: Sendable {
    let reader: Int32
    private let writer: Int32

    init() {
        var ends: [Int32] = [-1, -1]
        precondition(pipe(&ends) == 0)
        (reader, writer) = (ends[0], ends[1])
    }

    deinit { close(reader) }

    /// The writing end; the sink closes it.
    func output() -> LogDescriptor {
        LogDescriptor(owning: writer, name: "the test's pipe")
    }

    func closeReader() {
        _ = fcntl(reader, F_SETFL, O_NONBLOCK)
        let null = open("/dev/null", O_RDONLY)
        dup2(null, reader)
        close(null)
    }

    /// What can be read now, at most `limit` bytes.
    func text(limit: Int = 1 << 20) -> String {
        _ = fcntl(reader, F_SETFL, O_NONBLOCK)
        var all: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65_536)
        while all.count < limit {
            let count = read(reader, &part, min(part.count, limit - all.count))
            guard count > 0 else { break }
            all += part[..<count]
        }
        return String(decoding: all, as: UTF8.self)
    }
}
