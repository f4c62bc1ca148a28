import Glibc
import NIOCore
import SallyportTLS

/// A TCP connection whose every call has a deadline, in nanoseconds of the monotonic clock.
struct PeerSocket {
    private let descriptor: Int32
    /// As text, with its port.
    let address: String

    enum Received {
        case bytes([UInt8])
        case closed, timedOut
    }

    /// An address of a host.
    struct Address: CustomStringConvertible {
        fileprivate let family: Int32
        fileprivate let bytes: [UInt8]
        let description: String
    }

    /// More addresses than this are not tried.
    private static let maximumAddresses = 8

    // MARK: connecting

    static func addresses(of place: HostAndPort) throws(InspectionFailure) -> [Address] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(place.host, String(place.port), &hints, &list)
        guard status == 0 else {
            throw InspectionFailure(
                .name, "\(place.host) cannot be resolved: \(String(cString: gai_strerror(status)))",
                fix: "look at the spelling and at the resolver of this machine")
        }
        defer { freeaddrinfo(list) }
        var addresses: [Address] = []
        var next = list
        while let entry = next?.pointee, addresses.count < maximumAddresses {
            if let address = Address(entry) { addresses.append(address) }
            next = entry.ai_next
        }
        return addresses
    }

    /// The first address that takes the connection.
    init(connectingTo addresses: [Address], before deadline: UInt64) throws(InspectionFailure) {
        var words = "there is no address"
        for (index, address) in addresses.enumerated() {
            // What is left is shared by those that are left.
            let now = NIODeadline.now().nanoseconds
            let share = deadline > now ? (deadline - now) / UInt64(addresses.count - index) : 0
            switch Self.connect(address, before: now + share) {
            case .success(let descriptor):
                self.descriptor = descriptor
                self.address = address.description
                return
            case .failure(let error): words = "\(address): \(String(cString: strerror(error.number)))"
            }
        }
        throw InspectionFailure(
            .connection, "no connection: \(words)", fix: "look whether the server runs and listens on this port")
    }

    private struct SystemError: Error {
        let number: Int32
    }

    private static func connect(_ address: Address, before deadline: UInt64) -> Result<Int32, SystemError> {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(address.family, kind, 0)
        guard descriptor >= 0 else { return .failure(SystemError(number: errno)) }
        let result = address.bytes.withUnsafeBytes { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) {
                Glibc.connect(descriptor, $0.baseAddress, socklen_t(bytes.count))
            }
        }
        if result == 0 { return .success(descriptor) }
        var failure = errno
        if failure == EINPROGRESS {
            guard wait(descriptor, for: Int16(POLLOUT), before: deadline) else {
                return give(up: descriptor, ETIMEDOUT)
            }
            var size = socklen_t(MemoryLayout<Int32>.size)
            getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &failure, &size)
            if failure == 0 { return .success(descriptor) }
        }
        return give(up: descriptor, failure)
    }

    private static func give(up descriptor: Int32, _ number: Int32) -> Result<Int32, SystemError> {
        Glibc.close(descriptor)
        return .failure(SystemError(number: number))
    }

    // MARK: talking

    func send(_ bytes: [UInt8], before deadline: UInt64) throws(InspectionFailure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                guard Self.wait(descriptor, for: Int16(POLLOUT), before: deadline) else { break }
            } else if errno != EINTR {
                break
            }
        }
        guard rest.isEmpty else {
            throw InspectionFailure(
                .connection, "the server does not take what is sent: \(String(cString: strerror(errno)))",
                fix: "look into the log of the server")
        }
    }

    func receive(before deadline: UInt64) -> Received {
        var part = [UInt8](repeating: 0, count: 16 << 10)
        while Self.wait(descriptor, for: Int16(POLLIN), before: deadline) {
            let count = recv(descriptor, &part, part.count, 0)
            if count > 0 { return .bytes(Array(part[..<count])) }
            guard count < 0, errno == EAGAIN || errno == EINTR else { return .closed }
        }
        return .timedOut
    }

    func close() { Glibc.close(descriptor) }

    private static func wait(_ descriptor: Int32, for events: Int16, before deadline: UInt64) -> Bool {
        while true {
            let now = NIODeadline.now().nanoseconds
            guard now < deadline else { return false }
            var entry = pollfd(fd: descriptor, events: events, revents: 0)
            let count = poll(&entry, 1, Int32(clamping: (deadline - now) / 1_000_000 + 1))
            if count > 0 { return true }
            if count < 0, errno != EINTR { return false }
        }
    }
}

extension PeerSocket.Address {
    /// Nil for a family without text form.
    fileprivate init?(_ entry: addrinfo) {
        guard let pointer = entry.ai_addr, entry.ai_family == AF_INET || entry.ai_family == AF_INET6 else { return nil }
        family = entry.ai_family
        bytes = Array(UnsafeRawBufferPointer(start: pointer, count: Int(entry.ai_addrlen)))
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        var port = [CChar](repeating: 0, count: Int(NI_MAXSERV))
        let status = getnameinfo(
            pointer, entry.ai_addrlen, &host, socklen_t(host.count), &port, socklen_t(port.count),
            NI_NUMERICHOST | NI_NUMERICSERV)
        guard status == 0 else { return nil }
        let text = Self.text(host)
        description = (text.contains(":") ? "[\(text)]" : text) + ":" + Self.text(port)
    }

    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

extension NIODeadline {
    /// Of the monotonic clock.
    var nanoseconds: UInt64 { UInt64(uptimeNanoseconds) }
}
