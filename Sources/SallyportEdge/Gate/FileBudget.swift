/// How many connections the open files of a process allow.
package struct FileBudget: Sendable, Hashable {
    /// Files and sockets that the process may have open.
    package let limit: Int

    package init(limit: Int) {
        self.limit = max(64, limit)
    }

    /// Connections of clients: half of the files, because behind each of them is one to an upstream.
    package var connections: Int { limit / 2 }

    /// Left free for what must not fail: logs, files of certificates, connections to upstreams, operators.
    package var reserve: Int { min(512, limit / 8) }

    /// Whether clients are to wait in the kernel's queue, with so many files open. Admins go on for longer.
    package func isExhausted(open: Int, forAdmin: Bool) -> Bool {
        open > limit - (forAdmin ? reserve / 4 : reserve)
    }
}
