import SallyportConfig
import Testing

@testable import SallyportProxy

@Suite struct SocketAssignmentTests {
    private func key(_ name: String, _ host: String, _ port: UInt16) -> ListenerBinding.Key {
        .init(name: name, address: SocketAddressText(host: host, port: port), redirectPort: nil)
    }

    private func passed(
        _ descriptor: Int32, _ name: String?, _ host: String, _ port: UInt16,
        _ origin: InheritedSocket.Origin = .serviceManager
    ) -> InheritedSocket {
        InheritedSocket(
            descriptor: descriptor, listener: name, address: SocketAddressText(host: host, port: port), origin: origin)
    }

    @Test func theNameDecidesBetweenEqualAddresses() throws {
        let wanted = [key("a", "127.0.0.1", 1), key("b", "127.0.0.1", 1)]
        let assignment = try SocketAssignment([passed(5, "b", "127.0.0.1", 1)], to: wanted)
        #expect(assignment.sockets[wanted[1]]?.map(\.descriptor) == [5])
        #expect(assignment.sockets[wanted[0]] == nil)
    }

    @Test func severalSocketsOfOneListenerKeepTheirOrder() throws {
        let wanted = [key("a", "", 443)]
        let sockets = [passed(5, nil, "::", 443), passed(4, nil, "::", 443), passed(6, nil, "0.0.0.0", 443)]
        #expect(try SocketAssignment(sockets, to: wanted).sockets[wanted[0]]?.map(\.descriptor) == [5, 4, 6])
    }

    @Test func spellingsOfOneAddress() throws {
        let wanted = [key("a", "0:0:0:0:0:0:0:1", 443)]
        #expect(try SocketAssignment([passed(5, nil, "::1", 443)], to: wanted).unused.isEmpty)
    }

    @Test(arguments: [("127.0.0.1", UInt16(444)), ("0.0.0.0", 443), ("::", 443), ("::1", 443), ("127.0.0.2", 443)])
    func aSocketThatFitsNothingIsRefused(host: String, port: UInt16) {
        #expect(throws: GatewayError.self) {
            try SocketAssignment([passed(5, "a", host, port)], to: [key("a", "127.0.0.1", 443)])
        }
    }

    /// The configuration may have changed between two processes: what is gone is let go.
    @Test func ofTheGatewayBeforeTheConfiguredAddressCounts() throws {
        let wanted = [key("new", "", 443)]
        let sockets = [passed(5, "old", "", 443, .predecessor), passed(6, "gone", "", 80, .predecessor)]
        let assignment = try SocketAssignment(sockets, to: wanted)
        #expect(assignment.sockets[wanted[0]]?.map(\.descriptor) == [5])
        #expect(assignment.unused.map(\.descriptor) == [6])
    }
}
