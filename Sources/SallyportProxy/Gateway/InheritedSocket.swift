import Glibc
import SallyportConfig

/// A listening socket that this process did not open itself: the service manager made it, or the gateway that ran
/// before hands it over. Connections that wait in its queue wait for whoever accepts next, so none is lost.
package struct InheritedSocket: Sendable, Equatable {
    /// Owned by whoever holds the value; the gateway closes what it takes.
    package var descriptor: Int32
    /// The listener that it is meant for, where the giver said so.
    package var listener: String?
    /// Where it is bound, or, from the gateway before, the listener's `address` in its configuration.
    package var address: SocketAddressText
    package var origin: Origin

    package enum Origin: Sendable, Equatable {
        /// The service manager holds it open as well, whatever the gateway does.
        case serviceManager
        /// The gateway that ran before opened it.
        case predecessor
    }

    package init(descriptor: Int32, listener: String?, address: SocketAddressText, origin: Origin) {
        self.descriptor = descriptor
        self.listener = listener
        self.address = address
        self.origin = origin
    }
}

/// Which of the sockets that were passed is for which listener.
struct SocketAssignment {
    private(set) var sockets: [ListenerBinding.Key: [InheritedSocket]] = [:]
    /// Of the gateway before, for listeners that the configuration has no more.
    private(set) var unused: [InheritedSocket] = []

    /// A socket goes to the listener of its name if the addresses agree, else to the listener at its address.
    ///
    /// - Throws: when a socket of the service manager fits no listener: it would be bound and answer nobody.
    init(_ passed: [InheritedSocket], to wanted: [ListenerBinding.Key]) throws(GatewayError) {
        for socket in passed {
            if let key = try Self.listener(for: socket, among: wanted) {
                sockets[key, default: []].append(socket)
            } else {
                unused.append(socket)
            }
        }
    }

    private static func listener(
        for socket: InheritedSocket, among wanted: [ListenerBinding.Key]
    ) throws(GatewayError) -> ListenerBinding.Key? {
        let atAddress = wanted.filter { agrees($0.address, socket) }
        if let match = atAddress.first(where: { $0.name == socket.listener }) ?? atAddress.first { return match }
        guard socket.origin == .serviceManager else { return nil }
        let name = socket.listener.map { "\"\($0)\"" } ?? "without a name"
        if let named = wanted.first(where: { $0.name == socket.listener }) {
            throw .socket(
                "the socket \(name) is bound to \(socket.address.text), but listener \(named.name) has address \(named.address.text)"
            )
        }
        let listeners = wanted.map { "\($0.name) at \($0.address.text)" }.joined(separator: ", ")
        throw .socket(
            "the socket \(name) at \(socket.address.text) fits no listener; there are: \(listeners)")
    }

    /// Whether a listener with this address in the file may use the socket.
    static func agrees(_ configured: SocketAddressText, _ socket: InheritedSocket) -> Bool {
        if socket.origin == .predecessor { return configured == socket.address }
        guard configured.port == socket.address.port || configured.port == 0 else { return false }
        switch configured.host {
        case "": return ["::", "0.0.0.0"].contains(socket.address.host)
        case "localhost": return ["127.0.0.1", "::1"].contains(socket.address.host)
        default: return bytes(of: configured.host) == bytes(of: socket.address.host)
        }
    }

    /// Two spellings of one address are equal. What is no address is only equal to itself.
    private static func bytes(of host: String) -> [UInt8] {
        var six = in6_addr()
        if inet_pton(AF_INET6, host, &six) == 1 { return withUnsafeBytes(of: six, Array.init) }
        var four = in_addr()
        if inet_pton(AF_INET, host, &four) == 1 { return withUnsafeBytes(of: four, Array.init) }
        return Array(host.utf8)
    }
}
