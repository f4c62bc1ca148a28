import Glibc

/// How many files and sockets this process may have open.
enum OpenFileLimit {
    /// Raises the limit as far as a process may by itself, and returns it. The low default of many systems is there
    /// for programs that use `select`, which this one does not.
    static func raise() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return assumed }
        var raised = limit
        raised.rlim_cur = limit.rlim_max
        if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 { limit = raised }
        return Int(clamping: limit.rlim_cur)
    }

    /// What most systems give.
    private static let assumed = 1024
}

extension Bounds {
    /// Handshakes under way of one worker: a quarter of the files that it may open, and no more than is useful.
    static func handshakes(openFiles: Int, workers: Int) -> Int {
        min(2_000, max(64, openFiles / (4 * max(1, workers))))
    }
}
