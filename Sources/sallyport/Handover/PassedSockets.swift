import Glibc
import SallyportProxy

/// The sockets that systemd passes to a service: `sd_listen_fds(3)`.
struct PassedSockets: Equatable {
    /// Descriptors from 3 on.
    var count: Int
    /// As many as there are descriptors, or none; nil where a socket has no name.
    var names: [String?]

    static let none = PassedSockets(count: 0, names: [])
    static let first: Int32 = 3
    static let most = 1024

    /// Reads what the environment announces. Announcements for another process are none.
    ///
    /// - Throws: for anything that is not exactly what systemd writes.
    init(_ environment: [String: String], process: Int32) throws(CommandFailure) {
        guard let text = environment["LISTEN_PID"] else {
            self = .none
            return
        }
        guard let pid = Self.number(text), pid > 0 else { throw Self.failure("LISTEN_PID is \"\(text)\"") }
        guard pid == Int(process) else {
            self = .none
            return
        }
        let announced = environment["LISTEN_FDS"] ?? ""
        guard let count = Self.number(announced), count <= Self.most else {
            throw Self.failure("LISTEN_FDS is \"\(announced)\"")
        }
        self.init(count: count, names: try Self.names(environment["LISTEN_FDNAMES"], count: count))
    }

    private init(count: Int, names: [String?]) {
        self.count = count
        self.names = names
    }

    /// Without `FileDescriptorName=` systemd names a socket after its unit, which ends in `.socket` or is `unknown`.
    private static func names(_ text: String?, count: Int) throws(CommandFailure) -> [String?] {
        guard let text, count > 0 else { return Array(repeating: nil, count: count) }
        let names = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard names.count == count, names.allSatisfy({ !$0.isEmpty && $0.utf8.count <= 255 }) else {
            throw failure(
                "LISTEN_FDNAMES has \(names.count) names for \(count) sockets, or one that is empty or too long")
        }
        return names.map { $0 == "unknown" || $0.hasSuffix(".socket") ? nil : $0 }
    }

    /// Digits only: no sign, no space.
    private static func number(_ text: String) -> Int? {
        guard (1...9).contains(text.utf8.count), text.utf8.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains)
        else { return nil }
        return Int(text)
    }

    /// The sockets themselves. They are closed in programs that this process starts.
    func sockets() throws(CommandFailure) -> [InheritedSocket] {
        var sockets: [InheritedSocket] = []
        for (index, name) in names.enumerated() {
            let descriptor = Self.first + Int32(index)
            guard ListeningDescriptor.isListening(descriptor), let address = ListeningDescriptor.address(of: descriptor)
            else { throw Self.failure("descriptor \(descriptor) is no listening TCP socket") }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            sockets.append(
                InheritedSocket(descriptor: descriptor, listener: name, address: address, origin: .serviceManager))
        }
        return sockets
    }

    private static func failure(_ what: String) -> CommandFailure {
        CommandFailure(
            .failed, "SP9013: sockets were passed that cannot be used: \(what)", fix: "sallyport explain SP9013")
    }
}
