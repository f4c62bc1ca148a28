/// What the gateway takes on in all, and from each client at most.
package struct EdgeLimits: Sendable, Hashable {
    /// Open connections of clients; nil: half of the files that the process may have open.
    package var connections: Int?
    /// Requests on their way to upstreams.
    package var requests: Int
    /// TLS handshakes of strangers a second, for each worker.
    package var handshakes: Int
    /// Bytes; nil: the limit of the container, or nine tenths of the machine.
    package var memory: Int?
    package var addresses: AddressLimits
    /// Open connections of an identity.
    package var identityConnections: Int
    /// Nil: nobody is banned automatically.
    package var bans: BanLimits?

    package init(
        connections: Int? = nil, requests: Int = 10_000, handshakes: Int = 200, memory: Int? = nil,
        addresses: AddressLimits = AddressLimits(), identityConnections: Int = 512,
        bans: BanLimits? = nil
    ) {
        self.connections = connections
        self.requests = requests
        self.handshakes = handshakes
        self.memory = memory
        self.addresses = addresses
        self.identityConnections = identityConnections
        self.bans = bans
    }
}

/// When a client is banned by itself.
package struct BanLimits: Sendable, Hashable {
    /// Refusals that the client caused, within a time.
    package var after: Int
    package var within: Duration
    /// Of the first ban; each further one is twice as long, up to a day.
    package var length: Duration

    package init(after: Int = 200, within: Duration = .seconds(60), length: Duration = .seconds(600)) {
        self.after = after
        self.within = within
        self.length = length
    }
}

/// What one address may do; of IPv6, one /64.
package struct AddressLimits: Sendable, Hashable {
    package var connections: Int
    /// New connections a second, and at once.
    package var rate: Int
    package var burst: Int
    /// TLS handshakes a second.
    package var handshakes: Int
    /// Neither these addresses nor the identities that come from them are limited by themselves.
    package var exempt: [AddressRange]

    package init(
        connections: Int = 256, rate: Int = 50, burst: Int = 200, handshakes: Int = 20, exempt: [AddressRange] = Self.loopback
    ) {
        self.connections = connections
        self.rate = rate
        self.burst = burst
        self.handshakes = handshakes
        self.exempt = exempt
    }

    package static let loopback = [
        ([127, 0, 0, 0] as [UInt8], 8), ([UInt8](repeating: 0, count: 15) + [1], 128),
    ].compactMap { AddressRange(bytes: $0.0, prefix: $0.1) }
}

/// Who may say for whom it speaks on a listener (PROXY protocol).
package struct ProxyTrust: Sendable, Hashable {
    /// From these the header is demanded.
    package var networks: [AddressRange]
    package var others: Others

    /// What happens to those outside. A header of theirs is never believed.
    package enum Others: String, Sendable, CaseIterable {
        /// Closed at once.
        case refuse
        /// They speak for themselves, without a header.
        case direct
    }

    package init(networks: [AddressRange], others: Others = .refuse) {
        self.networks = networks
        self.others = others
    }
}

/// What is said to an upstream about the client before anything else.
package enum ProxyVersion: String, Sendable, CaseIterable {
    case v1, v2
}
