/// Reads what Linux says about memory. Text in, numbers out; nil for text that says nothing.
package enum MemoryReading {
    /// `/proc/self/statm`: the second number is what is resident, in pages.
    package static func resident(statm: String, pageSize: Int) -> Int? {
        let parts = statm.split(separator: " ")
        guard parts.count > 1, let pages = Int(parts[1]) else { return nil }
        let (bytes, overflow) = pages.multipliedReportingOverflow(by: pageSize)
        return overflow ? nil : bytes
    }

    /// `memory.max` of cgroup v2 or `memory.limit_in_bytes` of v1; nil for `max` and for the number that v1 has for it.
    package static func limit(_ text: String) -> Int? {
        guard let line = text.split(separator: "\n").first, let bytes = Int(line), bytes > 0, bytes < 1 << 60 else {
            return nil
        }
        return bytes
    }

    /// `/proc/meminfo`: all the memory of the machine.
    package static func total(meminfo: String) -> Int? {
        guard let line = meminfo.split(separator: "\n").first(where: { $0.hasPrefix("MemTotal:") }) else { return nil }
        return line.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 << 10 }
    }

    /// The folder of a process in the tree of cgroup v2, from `/proc/self/cgroup`; nil when there is none.
    package static func group(cgroup: String) -> String? {
        guard let line = cgroup.split(separator: "\n").first(where: { $0.hasPrefix("0::/") }) else { return nil }
        let path = String(line.dropFirst(3))
        return path.contains("..") ? nil : path
    }
}
