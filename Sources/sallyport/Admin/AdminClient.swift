import FoundationEssentials
import Glibc
import SallyportPKI

/// Asks the gateway that runs on a state directory.
struct AdminClient {
    let state: StateDirectory

    /// Sends one request and waits for the reply; with `untilEnd` until the gateway's process has ended.
    func ask(
        _ command: AdminRequest.Command, about subject: String? = nil, untilEnd: Bool = false
    ) throws(CommandFailure) -> AdminReply {
        try ask(AdminRequest(command: command, subject: subject), untilEnd: untilEnd)
    }

    /// - Parameter seconds: For the reply.
    func ask(
        _ request: AdminRequest, untilEnd: Bool = false, within seconds: Int = 60
    ) throws(CommandFailure) -> AdminReply {
        let descriptor = try connect()
        defer { close(descriptor) }
        setTimeout(descriptor, seconds: seconds)
        do {
            var line = try JSONEncoder().encode(request)
            line.append(UInt8(ascii: "\n"))
            try send(Array(line), to: descriptor)
            let reply = try JSONDecoder().decode(
                AdminReply.self, from: Data(receive(from: descriptor, untilEnd: untilEnd)))
            return reply
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw CommandFailure(.failed, "the running gateway sent something else than a reply: \(error)")
        }
    }

    /// Like `ask`, but a gateway that does not run is no error.
    func tell(_ command: AdminRequest.Command) throws(CommandFailure) -> AdminReply? {
        access(state.adminSocket, F_OK) == 0 && isListening ? try ask(command) : nil
    }

    private var isListening: Bool {
        do throws(CommandFailure) {
            close(try connect())
            return true
        } catch {
            return false
        }
    }

    /// The caller closes the connection.
    func connect() throws(CommandFailure) -> Int32 {
        guard let address = ServiceManager.address(of: state.adminSocket) else {
            throw CommandFailure(.failed, "the path of the admin socket is too long: \(state.adminSocket)")
        }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw CommandFailure(.failed, "no socket: \(Self.systemWords())") }
        let result = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else {
            let words = Self.systemWords()
            close(descriptor)
            throw CommandFailure(
                .failed, "no gateway is running on \(state.path) (\(words))",
                fix: "start one: sallyport run, or sallyport demo; one that runs elsewhere is found with --state DIR")
        }
        return descriptor
    }

    private func setTimeout(_ descriptor: Int32, seconds: Int) {
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    private func send(_ bytes: [UInt8], to descriptor: Int32) throws(CommandFailure) {
        guard Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            throw CommandFailure(.failed, "the running gateway does not listen: \(Self.systemWords())")
        }
    }

    /// The reply's line; then, with `untilEnd`, whatever follows until the other side closes.
    private func receive(from descriptor: Int32, untilEnd: Bool) throws(CommandFailure) -> [UInt8] {
        var received: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 64 << 10)
        while untilEnd || received.last != UInt8(ascii: "\n") {
            let count = recv(descriptor, &part, part.count, 0)
            if count == 0 { break }
            if count < 0 {
                if errno == EINTR { continue }
                throw CommandFailure(.failed, "the running gateway does not answer: \(Self.systemWords())")
            }
            received += part[..<count]
            guard received.count <= AdminReply.maximumSize else {
                throw CommandFailure(.failed, "the running gateway's reply is too long")
            }
        }
        return received
    }

    private static func systemWords() -> String { String(cString: strerror(errno)) }
}
