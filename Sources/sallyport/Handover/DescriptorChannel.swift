import Glibc

/// A connected Unix socket over which bytes and open files go to another process: `SCM_RIGHTS` of `unix(7)`, written
/// by hand, since neither the language nor NIO has it (docs/decisions/0006).
///
/// Every message is of a size that both sides know beforehand. Anything else ends the conversation. All calls block,
/// up to the time limit of the socket.
final class DescriptorChannel: Sendable {
    private let socket: Int32

    /// What the system allows in one message is 253.
    static let mostPerMessage = 64

    /// - Parameters:
    ///   - socket: Taken over, and closed at the end.
    ///   - limit: For each single call.
    init(taking socket: Int32, limit: Duration) {
        self.socket = socket
        self.limit(limit)
    }

    /// For each single call from now on.
    func limit(_ limit: Duration) {
        var time = timeval(tv_sec: Int(limit.components.seconds), tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(socket) }

    // MARK: bytes

    func send(_ bytes: [UInt8]) throws(HandoverFailure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .system("send") }
            rest = rest.dropFirst(count)
        }
    }

    /// Exactly so many bytes.
    func receive(_ count: Int) throws(HandoverFailure) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let received = bytes[filled...].withUnsafeMutableBytes { recv(socket, $0.baseAddress, $0.count, 0) }
            if received < 0, errno == EINTR { continue }
            if received == 0 { throw .ended }
            guard received > 0 else { throw .system("recv") }
            filled += received
        }
        return bytes
    }

    // MARK: descriptors

    /// One byte that says how many, and so many descriptors. They stay open on this side.
    func send(descriptors: [Int32]) throws(HandoverFailure) {
        precondition((1...Self.mostPerMessage).contains(descriptors.count))
        var control = ControlMessage(descriptors)
        var byte = UInt8(descriptors.count)
        let sent = withUnsafeMutablePointer(to: &byte) { byte in
            var vector = iovec(iov_base: byte, iov_len: 1)
            return control.withMessage(over: &vector) { sendmsg(socket, &$0, Int32(MSG_NOSIGNAL)) }
        }
        guard sent == 1 else { throw .system("sendmsg") }
    }

    /// Exactly so many descriptors; the caller owns them. They are closed in programs that this process starts.
    func receive(descriptors count: Int) throws(HandoverFailure) -> [Int32] {
        precondition((1...Self.mostPerMessage).contains(count))
        var control = ControlMessage(Array(repeating: -1, count: count))
        var byte: UInt8 = 0
        var flags: Int32 = 0
        let received = withUnsafeMutablePointer(to: &byte) { byte in
            var vector = iovec(iov_base: byte, iov_len: 1)
            return control.withMessage(over: &vector) { message in
                let received = recvmsg(socket, &message, Int32(MSG_CMSG_CLOEXEC))
                flags = message.msg_flags
                if message.msg_controllen == 0 { return received == 0 ? 0 : -2 }
                return received
            }
        }
        if received == 0 { throw .ended }
        let descriptors = received > 0 ? control.descriptors : []
        let isWhole = flags & Int32(MSG_CTRUNC | MSG_TRUNC) == 0
        guard received == 1, isWhole, Int(byte) == count, descriptors.count == count else {
            for descriptor in descriptors { close(descriptor) }
            throw received == -1
                ? .system("recvmsg") : .malformed("\(descriptors.count) descriptors instead of \(count)")
        }
        return descriptors
    }
}

/// `struct cmsghdr` with descriptors behind it, in the layout of Linux on 64 bits.
private struct ControlMessage {
    private var bytes: [UInt8]
    private static let header = 16

    init(_ descriptors: [Int32]) {
        let length = Self.header + descriptors.count * MemoryLayout<Int32>.size
        // The system rounds up to a word.
        bytes = [UInt8](repeating: 0, count: (length + 7) & ~7)
        bytes.withUnsafeMutableBytes { raw in
            raw.storeBytes(of: UInt(length), toByteOffset: 0, as: UInt.self)
            raw.storeBytes(of: SOL_SOCKET, toByteOffset: 8, as: Int32.self)
            raw.storeBytes(of: Int32(SCM_RIGHTS), toByteOffset: 12, as: Int32.self)
            for (index, descriptor) in descriptors.enumerated() {
                raw.storeBytes(
                    of: descriptor, toByteOffset: Self.header + index * MemoryLayout<Int32>.size, as: Int32.self)
            }
        }
    }

    mutating func withMessage(over vector: inout iovec, _ work: (inout msghdr) -> Int) -> Int {
        bytes.withUnsafeMutableBytes { control in
            withUnsafeMutablePointer(to: &vector) { vector in
                var message = msghdr()
                message.msg_iov = vector
                message.msg_iovlen = 1
                message.msg_control = control.baseAddress
                message.msg_controllen = control.count
                return work(&message)
            }
        }
    }

    /// What the header says is there; nothing when it is of another kind, or says more than there is room for.
    var descriptors: [Int32] {
        bytes.withUnsafeBytes { raw in
            let length = Int(clamping: raw.loadUnaligned(fromByteOffset: 0, as: UInt.self))
            let level = raw.loadUnaligned(fromByteOffset: 8, as: Int32.self)
            let kind = raw.loadUnaligned(fromByteOffset: 12, as: Int32.self)
            guard level == SOL_SOCKET, kind == Int32(SCM_RIGHTS), (Self.header...raw.count).contains(length)
            else { return [] }
            return (0..<((length - Self.header) / MemoryLayout<Int32>.size)).map { index in
                raw.loadUnaligned(fromByteOffset: Self.header + index * MemoryLayout<Int32>.size, as: Int32.self)
            }
        }
    }
}

/// Why a hand-over came to nothing.
enum HandoverFailure: Error, Equatable, CustomStringConvertible {
    /// The other process closed the connection, or ended.
    case ended
    case malformed(String)
    /// A call of the system, with its error.
    case call(String, Int32)

    static func system(_ call: String) -> HandoverFailure { .call(call, errno) }

    var description: String {
        switch self {
        case .ended: "the other process closed the connection"
        case .malformed(let what): "the other process sent something unexpected: \(what)"
        case .call(_, EAGAIN): "the other process did not answer in time"
        case .call(let call, let error): "\(call): \(String(cString: strerror(error)))"
        }
    }
}
