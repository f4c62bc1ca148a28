import Dispatch
import Glibc

/// A new gateway process that is to take the place of this one.
struct Successor: Sendable {
    let process: pid_t

    /// Starts it with standard streams, working directory and environment of this one, and nothing else that is open.
    static func start(_ binary: String, _ arguments: [String]) throws(CommandFailure) -> Successor {
        guard access(binary, X_OK) == 0 else {
            throw CommandFailure(.failed, "\(binary) cannot be started: \(String(cString: strerror(errno)))")
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor in 3...Self.highestDescriptor() { posix_spawn_file_actions_addclose(&actions, descriptor) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        resetSignals(&attributes)
        let words = ([binary] + arguments).map { strdup($0) } + [nil]
        let variables = environment().map { strdup($0) } + [nil]
        defer { for text in words + variables { free(text) } }
        var process = pid_t()
        let error = posix_spawn(&process, binary, &actions, &attributes, words, variables)
        guard error == 0 else {
            throw CommandFailure(.failed, "\(binary) cannot be started: \(String(cString: strerror(error)))")
        }
        return Successor(process: process)
    }

    /// No descriptor is higher, also if others open some meanwhile. A client's connection that stayed open in the new
    /// process would not end when this one closes it.
    private static func highestDescriptor() -> Int32 {
        var highest: Int32 = 3
        if let folder = opendir("/proc/self/fd") {
            while let entry = readdir(folder) {
                let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                    String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
                }
                highest = max(highest, Int32(name) ?? 0)
            }
            closedir(folder)
        }
        return highest + 1024
    }

    /// What this process ignores, the new one begins with the system's defaults.
    private static func resetSignals(_ attributes: inout posix_spawnattr_t) {
        var (all, none) = (sigset_t(), sigset_t())
        sigfillset(&all)
        sigemptyset(&none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK))
    }

    /// Without what systemd says to this process only.
    private static func environment() -> [String] {
        let own = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "WATCHDOG_PID"]
        return Environment.variables.filter { !own.contains($0.key) }.map { "\($0.key)=\($0.value)" }
    }

    /// The program that this process was started from; the new version, if it was replaced since.
    static func ownBinary() throws(CommandFailure) -> String {
        var path = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &path, path.count)
        guard count > 0, count < path.count else {
            throw CommandFailure(.failed, "the program's own path is not known: name one with --binary")
        }
        let text = String(decoding: path[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
        return text.hasSuffix(Self.removed) ? String(text.dropLast(Self.removed.count)) : text
    }

    /// What the system appends when the file has been replaced.
    private static let removed = " (deleted)"

    /// How the process ended, in words; waits for it.
    func ending() async -> String {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: Self.wait(process)) }
        }
    }

    private static func wait(_ process: pid_t) -> String {
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 {
            if errno != EINTR { return "ended" }
        }
        let signal = status & 0x7f
        return signal == 0 ? "ended with status \(status >> 8 & 0xff)" : "was ended by signal \(signal)"
    }

    func kill() { _ = Glibc.kill(process, SIGKILL) }
}
