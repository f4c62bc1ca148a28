import SallyportModel

/// Decides which connections are taken: by their number in all, by address, by identity, and by what handshakes cost.
///
/// One for the clients of a process and another for its admin listener, so that operators get in when clients are shut
/// out. Everything it keeps is bounded: addresses by a table, identities and open counts by the open connections.
/// Times are nanoseconds of a clock that does not go back.
package struct AcceptGate: Sendable {
    package struct Limits: Sendable, Hashable {
        /// Open connections in all.
        package var connections: Int
        /// Open connections of an address (IPv6: of a /64), and new ones a second with a burst.
        package var addressConnections: Int
        package var addressRate: Int
        package var addressBurst: Int
        /// Open connections of an identity.
        package var identityConnections: Int
        /// TLS handshakes begun a second: of an address, and in all.
        package var addressHandshakes: Int
        package var handshakes: Int

        package init(
            connections: Int, addressConnections: Int = 256, addressRate: Int = 50, addressBurst: Int = 200,
            identityConnections: Int = 512, addressHandshakes: Int = 20, handshakes: Int = 200
        ) {
            self.connections = connections
            self.addressConnections = addressConnections
            self.addressRate = addressRate
            self.addressBurst = addressBurst
            self.identityConnections = identityConnections
            self.addressHandshakes = addressHandshakes
            self.handshakes = handshakes
        }
    }

    /// How a connection is counted until it is closed.
    package struct Admission: Sendable {
        /// Nil for an address that is not counted.
        fileprivate let address: AddressKey?

        package var isExempt: Bool { address == nil }
    }

    private(set) package var limits: Limits
    private var addresses: AddressTable
    private var identities: [String: Int] = [:]
    private var newcomers = RateBucket()
    private var regulars = RateBucket()
    /// Connections that are open.
    private(set) package var open = 0

    /// Those who were let in before may come back this many times faster than strangers come, in all.
    private static let regularsFactor = 4
    private static let goodTime: UInt64 = 600_000_000_000

    /// - Parameter addresses: How many are known at a time; at least four times the connections are.
    package init(_ limits: Limits, addresses: Int = 16_384) {
        self.limits = limits
        self.addresses = AddressTable(capacity: max(addresses, 4 * limits.connections))
    }

    /// Holds for what comes from now on; what is open stays. The table keeps its size.
    package mutating func adopt(_ limits: Limits) {
        self.limits = limits
    }

    /// Addresses that were forgotten before their time.
    package var forgotten: Int { addresses.givenUpEarly }

    // MARK: connections

    /// - Parameter address: nil for a peer that is not counted by itself.
    package mutating func admit(_ address: AddressKey?, at now: UInt64) -> Result<Admission, GateRefusal> {
        guard open < limits.connections else { return .failure(.connections) }
        if let address {
            guard let place = place(of: address, at: now) else { return .failure(.crowded) }
            guard addresses[place].open < limits.addressConnections else { return .failure(.addressConnections) }
            guard addresses[place].connections.take(at: now, connectionRate) else { return .failure(.addressRate) }
            addresses[place].open += 1
        }
        open += 1
        return .success(Admission(address: address))
    }

    /// The connection is closed.
    package mutating func leave(_ admission: Admission) {
        open -= 1
        guard let address = admission.address, let place = addresses.place(of: address) else { return }
        addresses[place].open -= 1
    }

    private mutating func place(of address: AddressKey, at now: UInt64) -> Int? {
        addresses.place(of: address, at: now, connections: connectionRate, handshakes: handshakeRate)
    }

    private var connectionRate: RateBucket.Rate { .init(perSecond: limits.addressRate, burst: limits.addressBurst) }
    private var handshakeRate: RateBucket.Rate {
        .init(perSecond: limits.addressHandshakes, burst: 4 * limits.addressHandshakes)
    }

    // MARK: handshakes

    /// To be asked when a ClientHello is there and before it costs anything.
    package mutating func beginHandshake(_ admission: Admission, at now: UInt64) -> GateRefusal? {
        guard let address = admission.address else { return nil }
        guard let place = addresses.place(of: address) else { return .crowded }
        guard addresses[place].handshakes.take(at: now, handshakeRate) else { return .addressHandshakes }
        let isRegular = now < addresses[place].goodUntil
        let rate = limits.handshakes * (isRegular ? Self.regularsFactor : 1)
        let bucket = RateBucket.Rate(perSecond: rate, burst: 2 * rate)
        let isTaken = isRegular ? regulars.take(at: now, bucket) : newcomers.take(at: now, bucket)
        return isTaken ? nil : .handshakes
    }

    /// The handshake was good.
    package mutating func handshakeSucceeded(_ admission: Admission, at now: UInt64) {
        guard let address = admission.address, let place = addresses.place(of: address) else { return }
        addresses[place].goodUntil = now + Self.goodTime
    }

    // MARK: identities

    /// The connection turned out to be this client's. False when it has too many.
    package mutating func identify(_ name: String) -> Bool {
        let count = identities[name, default: 0]
        guard count < limits.identityConnections else { return false }
        identities[name] = count + 1
        return true
    }

    /// A connection for which `identify` said yes is closed.
    package mutating func forget(_ name: String) {
        guard let count = identities[name] else { return }
        identities[name] = count > 1 ? count - 1 : nil
    }
}

/// Why a connection is not taken.
package enum GateRefusal: Error, Sendable, CaseIterable {
    case connections, addressConnections, addressRate, crowded
    case addressHandshakes, handshakes
    case identityConnections
    case memory, files, untrustedPeer, unproven
    case addressBanned, identityBanned

    package var reason: Reason {
        switch self {
        case .connections: .connectionLimit
        case .addressConnections: .addressConnectionLimit
        case .addressRate: .addressConnectionRate
        case .crowded: .addressTableFull
        case .addressHandshakes: .addressHandshakeRate
        case .handshakes: .handshakeRate
        case .identityConnections: .identityConnectionLimit
        case .memory: .memoryExhausted
        case .files: .openFilesExhausted
        case .untrustedPeer: .proxyPeerUntrusted
        case .unproven: .unprovenConnection
        case .addressBanned: .addressBanned
        case .identityBanned: .identityBanned
        }
    }
}
