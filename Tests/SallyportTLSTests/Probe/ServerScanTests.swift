import Testing

@testable import SallyportTLS

/// A server as a function: what it agrees to, and how it chooses.
private struct FakeServer {
    var versions: Set<WireVersion> = [.tls12, .tls13]
    var suites12: [UInt16] = [0xC02B, 0xC02C]
    var suites13: [UInt16] = [0x1302, 0x1301]
    var groups: [NamedGroup] = [.x25519MLKEM768, .x25519]
    var ownOrder = true
    var compresses = false
    var heedsFallback = true
    var signsWeakly = false

    func answer(_ hello: ProbeHello) -> ProbeOutcome {
        guard versions.contains(hello.version) else { return .alert(70) }
        let isNewest = hello.version == versions.max()
        if heedsFallback, hello.suites.contains(ProbeHello.fallbackSCSV), !isNewest { return .alert(86) }
        let mine = hello.version == .tls13 ? suites13 : suites12
        let chosen = ownOrder ? mine.first { hello.suites.contains($0) } : hello.suites.first { mine.contains($0) }
        let group = groups.first { hello.groups.contains($0) }
        let strong = hello.schemes.contains { !$0.isWeak } || hello.version < .tls12
        guard let chosen, let group, strong || signsWeakly else { return .alert(40) }
        var flight = ServerFlight()
        flight.hello.version = hello.version
        flight.hello.suite = chosen
        flight.hello.compression = compresses ? hello.compression.first ?? 0 : 0
        flight.hello.extensions = [0xFF01, 23]
        if hello.version == .tls13 { flight.hello.group = group } else {
            let scheme = hello.schemes.first { strong == !$0.isWeak }
            flight.keyExchange = ServerKeyExchange(group: group, scheme: scheme)
        }
        return .flight(flight)
    }
}

@Suite struct ServerScanTests {
    private func scan(_ server: FakeServer) throws(ScanFailure) -> ServerPosture {
        var scan = ServerScan(serverName: nil) { server.answer($0) }
        return try scan.run()
    }

    @Test func everythingAServerDoesIsFound() throws {
        let posture = try scan(FakeServer())
        #expect(posture.versions == [.tls13, .tls12])
        #expect(posture.suites12.map(\.rawValue) == [0xC02B, 0xC02C] && posture.suites13.map(\.rawValue) == [0x1302, 0x1301])
        #expect(posture.groups == [.x25519MLKEM768, .x25519] && posture.prefersOwnOrder == true)
        #expect(posture.hasSecureRenegotiation == true && posture.hasExtendedMasterSecret == true)
        #expect(!posture.compresses && posture.refusesFallback == true && !posture.schemes.contains { $0.isWeak })
        #expect(posture.gaps.isEmpty && posture.connections < 32)
    }

    @Test func badHabitsAreFound() throws {
        var server = FakeServer()
        server.versions = Set(WireVersion.known)
        server.suites12 = [0x0004, 0x000A, 0xC013]
        server.ownOrder = false
        server.compresses = true
        server.heedsFallback = false
        server.signsWeakly = true
        let posture = try scan(server)
        #expect(posture.versions == WireVersion.known && Set(posture.suites12.map(\.rawValue)) == [0x0004, 0x000A, 0xC013])
        #expect(posture.prefersOwnOrder == false && posture.compresses && posture.refusesFallback == false)
        #expect(posture.schemes.contains { $0.isWeak })
    }

    /// A server that takes everything, or answers nonsense, costs a bounded number of connections.
    @Test func theNumberOfConnectionsIsBounded() throws {
        var greedy = FakeServer()
        greedy.versions = Set(WireVersion.known)
        greedy.suites12 = CipherSuite.known.filter { !$0.isTLS13 }.map(\.rawValue)
        greedy.groups = NamedGroup.known
        let posture = try scan(greedy)
        #expect(posture.connections <= ServerScan.maximumConnections && !posture.gaps.isEmpty)
        var count = 0
        var liar = ServerScan(serverName: nil) { hello in
            count += 1
            var flight = ServerFlight()
            flight.hello.version = hello.version
            flight.hello.suite = 0xDEAD
            return .flight(flight)
        }
        #expect(throws: ScanFailure.noTLS("it agreed to something that was not offered")) { _ = try liar.run() }
        #expect(count == WireVersion.known.count)
    }

    @Test func aServerThatIsNotThereIsSaidToBe() {
        var scan = ServerScan(serverName: nil) { _ in .unreachable("Connection refused") }
        #expect(throws: ScanFailure.unreachable("Connection refused")) { _ = try scan.run() }
        var silent = ServerScan(serverName: nil) { _ in .closed }
        #expect(throws: ScanFailure.noTLS("it closed the connection without an answer")) { _ = try silent.run() }
    }
}
