/// What the clients of a listener offered and what was agreed with them, as counts.
///
/// A value: each event loop has its own for each listener, and `merge` adds them up. Memory is bounded whatever clients
/// send: only registered numbers have a counter, everything else shares one, and of fingerprints the most frequent are
/// kept.
package struct ObservedClients: Sendable, Equatable {
    /// ClientHellos that could be read.
    package private(set) var hellos = 0
    /// Handshakes that were completed.
    package private(set) var handshakes = 0
    private(set) var offered = Offered()
    private(set) var agreed = Agreed()
    /// Clients that a profile would not serve.
    private(set) var unserved: [ProfileDemand: Int] = [:]
    private(set) var fingerprints = FrequentValues<FingerprintFacts>(capacity: 32)

    package init() {}

    struct Offered: Sendable, Equatable {
        /// By the newest version that a client offers.
        var versions = Counts()
        var groups = Counts()
        /// Groups that came with a key share: what needs no second round trip.
        var keyShares = Counts()
        var signatureSchemes = Counts()
        /// By kind of suite; a client counts once for each kind.
        var suiteKinds = Counts()
        var protocols = Counts()
        var postQuantumKeyShare = 0
        var serverName = 0
        var resumption = 0
    }

    struct Agreed: Sendable, Equatable {
        var versions = Counts()
        var suites = Counts()
        var groups = Counts()
        var resumed = 0
    }

    /// What is remembered of a fingerprint: the profiles that would not serve its newest client.
    struct FingerprintFacts: Sendable, Equatable {
        var newestVersion: WireVersion
        var unservedBy: [ProfileDemand]
    }

    /// To be called once for each ClientHello that could be read, whatever becomes of it.
    package mutating func note(_ hello: ClientHello, ja4: String) {
        hellos += 1
        let newest = hello.versions.filter { !GREASE.contains($0) }.max() ?? 0
        offered.note(hello, newest: newest)
        let unservedBy = ProfileDemand.allCases.filter { !$0.isMet(by: hello) }
        for demand in unservedBy { unserved[demand, default: 0] += 1 }
        fingerprints.note(
            ja4, facts: FingerprintFacts(newestVersion: WireVersion(rawValue: newest), unservedBy: unservedBy))
    }

    /// To be called once for each completed handshake. What can be agreed is in our settings, so its names are few.
    package mutating func noteHandshake(_ facts: TLSFacts) {
        handshakes += 1
        agreed.versions.add(facts.version == .tls13 ? WireVersion.tls13.name : WireVersion.tls12.name)
        agreed.suites.add(facts.cipherSuite)
        if let group = facts.group { agreed.groups.add(group) }
        if facts.resumed { agreed.resumed += 1 }
    }

    package mutating func merge(_ other: ObservedClients) {
        hellos += other.hellos
        handshakes += other.handshakes
        offered.merge(other.offered)
        agreed.merge(other.agreed)
        unserved.merge(other.unserved, uniquingKeysWith: +)
        fingerprints.merge(other.fingerprints)
    }

    static func versionName(_ version: UInt16) -> String {
        let version = WireVersion(rawValue: version)
        return WireVersion.known.contains(version) ? version.name : "other"
    }

    static func name(_ group: NamedGroup) -> String { group.isKnown ? group.name : "other" }
}

/// How often each name occurred. The caller takes care that there are few names.
struct Counts: Sendable, Equatable {
    private(set) var byName: [String: Int] = [:]

    subscript(name: String) -> Int { byName[name] ?? 0 }

    mutating func add(_ name: String) { byName[name, default: 0] += 1 }

    mutating func merge(_ other: Counts) { byName.merge(other.byName, uniquingKeysWith: +) }

    /// Most frequent first.
    var sorted: [(name: String, count: Int)] {
        byName.sorted { $0.value == $1.value ? $0.key < $1.key : $0.value > $1.value }.map { ($0.key, $0.value) }
    }
}

extension ObservedClients.Offered {
    fileprivate mutating func note(_ hello: ClientHello, newest: UInt16) {
        versions.add(ObservedClients.versionName(newest))
        let groups = hello.groups.filter { !GREASE.contains($0) }.map(NamedGroup.init)
        for name in Set(groups.map(ObservedClients.name)) { self.groups.add(name) }
        let shares = hello.keyShares.filter { !GREASE.contains($0) }.map(NamedGroup.init)
        for name in Set(shares.map(ObservedClients.name)) { keyShares.add(name) }
        if shares.contains(where: \.isPostQuantum) { postQuantumKeyShare += 1 }
        noteAlgorithms(hello)
        if hello.sni != nil { serverName += 1 }
        if hello.hasPreSharedKey || hello.hasSessionTicket { resumption += 1 }
    }

    private mutating func noteAlgorithms(_ hello: ClientHello) {
        let schemes = hello.signatureAlgorithms.filter { !GREASE.contains($0) }.map(SignatureScheme.init)
        for name in Set(schemes.map { $0.isKnown ? $0.name : "other" }) { signatureSchemes.add(name) }
        for kind in Set(hello.cipherSuites.compactMap { CipherSuite(rawValue: $0).kind }) {
            suiteKinds.add(kind.rawValue)
        }
        if hello.alpn.isEmpty { protocols.add("none") }
        for name in Set(hello.alpn.map(Self.protocolName)) { protocols.add(name) }
    }

    /// Names are the client's text: only those that are spoken on this port have a counter of their own.
    private static func protocolName(_ name: [UInt8]) -> String {
        ["h2", "http/1.1", "http/1.0"].first { $0.utf8.elementsEqual(name) } ?? "other"
    }

    fileprivate mutating func merge(_ other: Self) {
        versions.merge(other.versions)
        groups.merge(other.groups)
        keyShares.merge(other.keyShares)
        signatureSchemes.merge(other.signatureSchemes)
        suiteKinds.merge(other.suiteKinds)
        protocols.merge(other.protocols)
        postQuantumKeyShare += other.postQuantumKeyShare
        serverName += other.serverName
        resumption += other.resumption
    }
}

extension ObservedClients.Agreed {
    fileprivate mutating func merge(_ other: Self) {
        versions.merge(other.versions)
        suites.merge(other.suites)
        groups.merge(other.groups)
        resumed += other.resumed
    }
}
