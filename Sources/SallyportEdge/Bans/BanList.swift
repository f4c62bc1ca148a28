/// Who is not served now. Times are seconds since 1970.
///
/// An address is looked up once for each length of prefix that occurs, whatever the number of bans. Bounded: when it is
/// full the automatic ban that ends first makes room; when there is none, nothing is added.
package struct BanList: Sendable {
    package static let usualCapacity = 10_000

    private let capacity: Int
    private var networks: [AddressNetwork: Ban] = [:]
    private var identities: [String: Ban] = [:]
    /// How many networks there are of each length, by family.
    private var lengths4: [Int: Int] = [:]
    private var lengths6: [Int: Int] = [:]

    package init(capacity: Int = Self.usualCapacity) {
        self.capacity = max(1, capacity)
    }

    /// Those included that are over and not removed yet.
    package var count: Int { networks.count + identities.count }
    package var isEmpty: Bool { networks.isEmpty && identities.isEmpty }

    // MARK: asking

    /// - Parameter address: A single one.
    package func ban(of address: AddressNetwork, at now: Int64) -> Ban? {
        for length in (address.isIPv6 ? lengths6 : lengths4).keys {
            if let ban = networks[address.widened(to: length)], ban.holds(at: now) { return ban }
        }
        return nil
    }

    package func ban(ofIdentity name: String, at now: Int64) -> Ban? {
        guard let ban = identities[name], ban.holds(at: now) else { return nil }
        return ban
    }

    package subscript(subject: BanSubject) -> Ban? {
        switch subject {
        case .network(let network): networks[network]
        case .identity(let name): identities[name]
        }
    }

    /// Those that hold, the newest first.
    package func all(at now: Int64) -> [Ban] {
        (Array(networks.values) + Array(identities.values)).filter { $0.holds(at: now) }
            .sorted { ($1.since, $0.subject.text) < ($0.since, $1.subject.text) }
    }

    // MARK: changing

    package enum Addition: Sendable, Equatable {
        case added
        /// There was another one of the same subject.
        case replaced
        /// An operator's stands, and an automatic one does not change it.
        case kept
        /// Too many, none of which may give way.
        case full
    }

    package mutating func add(_ ban: Ban, at now: Int64) -> Addition {
        let before = self[ban.subject]
        if let before, before.holds(at: now), before.source == .manual, ban.source == .automatic { return .kept }
        guard before != nil || makeRoom(at: now) else { return .full }
        store(ban)
        return before == nil ? .added : .replaced
    }

    package mutating func remove(_ subject: BanSubject) -> Ban? {
        switch subject {
        case .identity(let name): return identities.removeValue(forKey: name)
        case .network(let network):
            guard let ban = networks.removeValue(forKey: network) else { return nil }
            count(network, -1)
            return ban
        }
    }

    /// Forgets those that are over. True when there were any.
    package mutating func purge(at now: Int64) -> Bool {
        let over = networks.values.filter { !$0.holds(at: now) } + identities.values.filter { !$0.holds(at: now) }
        for ban in over { _ = remove(ban.subject) }
        return !over.isEmpty
    }

    private mutating func store(_ ban: Ban) {
        switch ban.subject {
        case .identity(let name): identities[name] = ban
        case .network(let network):
            if networks.updateValue(ban, forKey: network) == nil { count(network, 1) }
        }
    }

    private mutating func count(_ network: AddressNetwork, _ change: Int) {
        func changed(_ before: Int?) -> Int? {
            let after = (before ?? 0) + change
            return after > 0 ? after : nil
        }
        if network.isIPv6 {
            lengths6[network.prefix] = changed(lengths6[network.prefix])
        } else {
            lengths4[network.prefix] = changed(lengths4[network.prefix])
        }
    }

    private mutating func makeRoom(at now: Int64) -> Bool {
        if count < capacity { return true }
        if purge(at: now) { return true }
        let automatic = (Array(networks.values) + Array(identities.values)).filter { $0.source == .automatic }
        guard let first = automatic.min(by: { ($0.until ?? .max) < ($1.until ?? .max) }) else { return false }
        return remove(first.subject) != nil
    }
}
