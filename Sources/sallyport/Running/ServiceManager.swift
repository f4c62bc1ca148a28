import Glibc

/// Tells systemd how far the gateway is: the `sd_notify` protocol, one datagram per message. Without `NOTIFY_SOCKET`
/// it does nothing.
struct ServiceManager: Sendable {
    /// A path, or an abstract name with a leading `@`.
    let socket: String?

    func ready() { send("READY=1") }
    func stopping() { send("STOPPING=1") }
    /// Another process takes the place of this one.
    func succeeded(by process: pid_t) { send("MAINPID=\(process)") }
    /// The gateway is alive: `WatchdogSec=` of the unit.
    func alive() { send("WATCHDOG=1") }

    /// How often `alive` has to be said at least, from what systemd writes; nil when it does not ask, or not this process.
    static func watchdogInterval(_ environment: [String: String], process: pid_t) -> Duration? {
        guard let microseconds = environment["WATCHDOG_USEC"].flatMap({ Int64($0) }), microseconds > 0 else {
            return nil
        }
        if let asked = environment["WATCHDOG_PID"], asked != String(process) { return nil }
        return .microseconds(microseconds / 2)
    }

    /// `sd_notify(3)`: the time stamp lets systemd tell this reload from an earlier one.
    func reloading() {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        send("RELOADING=1\nMONOTONIC_USEC=\(time.tv_sec * 1_000_000 + time.tv_nsec / 1000)")
    }

    private func send(_ message: String) {
        guard let socket, var address = Self.address(of: socket) else { return }
        let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let bytes = Array(message.utf8)
        let length = socklen_t(MemoryLayout<sa_family_t>.size + socket.utf8.count)
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), $0, length)
            }
        }
    }

    /// Nil when the name does not fit or is neither a path nor abstract.
    static func address(of socket: String) -> sockaddr_un? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var name = Array(socket.utf8)
        guard let first = name.first, name.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
        if first == UInt8(ascii: "@") { name[0] = 0 } else if first != UInt8(ascii: "/") { return nil }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        return address
    }
}
