import Glibc
import SallyportPKI

/// At most one gateway per state directory: a lock that the system takes back however the process ends.
struct InstanceLock: ~Copyable {
    private let descriptor: Int32

    /// Makes the state directory where it is missing.
    ///
    /// - Throws: when another gateway holds the lock, naming its process.
    init(preparing state: StateDirectory) throws(CommandFailure) {
        do throws(PKIError) { try state.prepare() } catch { throw CommandFailure(error) }
        try self.init(state)
    }

    /// - Throws: when another gateway holds the lock, naming its process.
    init(_ state: StateDirectory) throws(CommandFailure) {
        let path = state.path + "/gateway.lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw CommandFailure(.failed, "\(path) cannot be opened: \(String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let holder = Self.processID(in: descriptor).map { "process \($0)" } ?? "another process"
            close(descriptor)
            throw CommandFailure(
                .failed, "a gateway is running on \(state.path) already: \(holder)",
                fix: "stop it first: sallyport stop; or give this one a state of its own: --state DIR")
        }
        self.descriptor = descriptor
        write(processID: getpid())
    }

    deinit { close(descriptor) }

    private func write(processID: pid_t) {
        let text = Array("\(processID)\n".utf8)
        ftruncate(descriptor, 0)
        _ = pwrite(descriptor, text, text.count, 0)
    }

    private static func processID(in descriptor: Int32) -> pid_t? {
        var text = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &text, text.count, 0)
        return pid_t(String(decoding: text[..<max(count, 0)], as: UTF8.self).prefix { $0.isNumber })
    }
}
