import Glibc
import SallyportPKI

/// At most one gateway per state directory: a lock that the system takes back however the process ends.
struct InstanceLock: ~Copyable {
    /// For another process that takes the place of this one.
    let descriptor: Int32

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
        Self.write(processID: getpid(), to: descriptor)
    }

    /// The lock that another gateway holds and has given to this process.
    init(adopting descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Whether a descriptor is of the lock file of a state directory.
    static func isLock(_ descriptor: Int32, of state: StateDirectory) -> Bool {
        var (given, file) = (stat(), stat())
        return fstat(descriptor, &given) == 0 && lstat(state.path + "/gateway.lock", &file) == 0
            && given.st_dev == file.st_dev && given.st_ino == file.st_ino
    }

    /// Names this process as the holder of a lock that it was given.
    static func claim(_ descriptor: Int32) { write(processID: getpid(), to: descriptor) }

    deinit { close(descriptor) }

    private static func write(processID: pid_t, to descriptor: Int32) {
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
