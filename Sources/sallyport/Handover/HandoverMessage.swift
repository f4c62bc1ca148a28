import FoundationEssentials
import SallyportConfig
import SallyportProxy

/// What the running gateway says before it sends descriptors: a length of four bytes, and one JSON object.
///
/// ```
/// new process ─▶ running gateway   {"command":"handover"} over the admin socket
///             ◀─                   length, HandoverMessage
///             ◀─                   descriptors: the lock of the state directory, then the sockets, in its order
///             ─▶                   ready      everything is built; nothing is accepted yet
///             ◀─                   go         until here a failure leaves the running gateway as it was
///             ─▶                   serving    connections are accepted; the old one closes its sockets and drains
///             ─▶                   adopted    the admin socket is the new one's
/// ```
struct HandoverMessage: Codable, Equatable {
    var version: Int
    var sockets: [Socket]

    struct Socket: Codable, Equatable {
        var listener: String
        var host: String
        var port: UInt16
        /// The service manager made it and keeps it.
        var isManaged: Bool
    }

    static let version = 1
    static let maximumSize = 1 << 20
    static let mostSockets = 16_384

    /// A single byte that tells how far a process is.
    enum Step: UInt8 {
        case ready = 0x52
        case go = 0x47
        case serving = 0x53
        case adopted = 0x41
    }

    init(_ sockets: [InheritedSocket]) {
        version = Self.version
        self.sockets = sockets.map {
            Socket(
                listener: $0.listener ?? "", host: $0.address.host, port: $0.address.port,
                isManaged: $0.origin == .serviceManager)
        }
    }

    func inherited(_ descriptors: [Int32]) -> [InheritedSocket] {
        zip(sockets, descriptors).map { socket, descriptor in
            InheritedSocket(
                descriptor: descriptor, listener: socket.listener,
                address: SocketAddressText(host: socket.host, port: socket.port),
                origin: socket.isManaged ? .serviceManager : .predecessor)
        }
    }

    // MARK: bytes

    func encoded() throws(HandoverFailure) -> [UInt8] {
        do {
            let text = Array(try JSONEncoder().encode(self))
            return withUnsafeBytes(of: UInt32(text.count).bigEndian, Array.init) + text
        } catch {
            throw .malformed("\(error)")
        }
    }

    /// - Parameter head: The four bytes before the text.
    static func length(_ head: [UInt8]) throws(HandoverFailure) -> Int {
        let length = head.reduce(0) { $0 << 8 | Int($1) }
        guard head.count == 4, (2...maximumSize).contains(length) else {
            throw .malformed("a message of \(length) bytes")
        }
        return length
    }

    init(text: [UInt8]) throws(HandoverFailure) {
        do {
            self = try JSONDecoder().decode(HandoverMessage.self, from: Data(text))
        } catch {
            throw .malformed("a message that is not understood")
        }
        guard version == Self.version else { throw .malformed("version \(version) of the hand-over") }
        guard sockets.count <= Self.mostSockets else { throw .malformed("\(sockets.count) sockets") }
    }
}

extension DescriptorChannel {
    func send(_ step: HandoverMessage.Step) throws(HandoverFailure) {
        try send([step.rawValue])
    }

    func expect(_ step: HandoverMessage.Step) throws(HandoverFailure) {
        let byte = try receive(1)[0]
        guard byte == step.rawValue else { throw .malformed("byte \(byte) instead of \(step)") }
    }
}
