import SallyportPKI

/// Finds out what a server agrees to by asking it one question per connection.
///
/// It knows no sockets: `ask` sends the question and reads the answer. The number of connections is bounded whatever
/// the server answers.
package struct ServerScan {
    package typealias Ask = (ProbeHello) -> ProbeOutcome

    /// A usual server takes thirty to fifty.
    package static let maximumConnections = 96
    /// Leaves room for the questions behind the list of suites.
    private static let maximumSuites = 60

    private let ask: Ask
    private let serverName: String?
    private var posture = ServerPosture()
    private var leaves: Set<[UInt8]> = []
    private var outcomes: [ProbeOutcome] = []

    /// - Parameter serverName: sent as SNI; nil sends none.
    package init(serverName: String?, ask: @escaping Ask) {
        self.serverName = serverName
        self.ask = ask
    }

    /// Asks everything.
    ///
    /// - Throws: when nothing that was asked got an answer of TLS.
    package mutating func run() throws(ScanFailure) -> ServerPosture {
        for version in WireVersion.known { askVersion(version) }
        guard !posture.versions.isEmpty else { throw failure }
        if posture.versions.contains(.tls13) { askSuites13() }
        if let version = posture.versions.first(where: { $0 < .tls13 }) { askSuites(version) }
        askGroups()
        askHabits()
        return posture
    }

    // MARK: asking

    private mutating func put(_ hello: ProbeHello) -> ServerFlight? {
        guard posture.connections < Self.maximumConnections else {
            note(gap: "more than \(Self.maximumConnections) connections would be needed")
            return nil
        }
        posture.connections += 1
        let outcome = ask(hello)
        if outcomes.count < WireVersion.known.count { outcomes.append(outcome) }
        switch outcome {
        case .flight(let flight) where flight.hello.version == hello.version && hello.suites.contains(flight.hello.suite):
            keep(flight)
            return flight
        case .unreachable(let words) where posture.connections > 1: note(gap: "a connection failed: \(words)")
        default: break
        }
        return nil
    }

    private mutating func note(gap: String) {
        if !posture.gaps.contains(gap), posture.gaps.count < 16 { posture.gaps.append(gap) }
    }

    private mutating func keep(_ flight: ServerFlight) {
        if flight.asksForClientCertificate { posture.asksForClientCertificate = true }
        if let bits = flight.keyExchange?.primeBits { posture.primeBits = min(bits, posture.primeBits ?? bits) }
        if let scheme = flight.keyExchange?.scheme, !posture.schemes.contains(scheme), posture.schemes.count < 32 {
            posture.schemes.append(scheme)
        }
        guard let leaf = flight.certificates.first, leaves.count < 8, leaves.insert(leaf).inserted else { return }
        if let strength = CertificateStrength(der: leaf) {
            posture.certificates.append(strength)
        } else {
            note(gap: "a certificate of the server cannot be read")
        }
    }

    private var failure: ScanFailure {
        for case .unreachable(let words) in outcomes { return .unreachable(words) }
        let words = outcomes.map(\.words)
        return .noTLS(words.first ?? "nothing was asked")
    }

    // MARK: questions

    private static let suites12 = CipherSuite.known.filter { !$0.isTLS13 }.map(\.rawValue)
    private static let suites13 = CipherSuite.known.filter(\.isTLS13).map(\.rawValue)
    private static let weakSchemes = SignatureScheme.known.filter(\.isWeak)

    private func question(_ version: WireVersion, suites: [UInt16]? = nil) -> ProbeHello {
        let isNewest = version == .tls13
        var hello = ProbeHello(
            version: version, suites: suites ?? (isNewest ? Self.suites13 : Self.suites12), serverName: serverName)
        hello.groups = isNewest ? NamedGroup.known : NamedGroup.known.filter { !$0.isPostQuantum }
        hello.schemes = SignatureScheme.known
        hello.keyShares = isNewest ? [.x25519, .secp256r1] : []
        return hello
    }

    private mutating func askVersion(_ version: WireVersion) {
        if put(question(version)) != nil { posture.versions.append(version) }
    }

    private mutating func askSuites13() {
        posture.suites13 = list(Self.suites13, of: .tls13, limit: 8)
    }

    private mutating func askSuites(_ version: WireVersion) {
        posture.suites12 = list(Self.suites12, of: version, limit: Self.maximumSuites)
        askOrder(version)
    }

    /// Offers what is left until nothing of it is taken.
    private mutating func list(_ suites: [UInt16], of version: WireVersion, limit: Int) -> [CipherSuite] {
        var found: [CipherSuite] = []
        var left = suites
        while found.count < limit {
            guard !left.isEmpty, let flight = put(question(version, suites: left)) else { return found }
            left.removeAll { $0 == flight.hello.suite }
            found.append(CipherSuite(rawValue: flight.hello.suite))
        }
        note(gap: "only the first \(limit) cipher suites were listed")
        return found
    }

    /// Two suites in both orders: who chooses?
    private mutating func askOrder(_ version: WireVersion) {
        guard let first = posture.suites12.first, let last = posture.suites12.dropFirst().last else { return }
        let forward = put(question(version, suites: [first.rawValue, last.rawValue]))
        let backward = put(question(version, suites: [last.rawValue, first.rawValue]))
        guard let forward, let backward else { return }
        posture.prefersOwnOrder = forward.hello.suite == backward.hello.suite
    }

    // MARK: groups

    private mutating func askGroups() {
        if posture.versions.contains(.tls13) { askGroups13() }
        if let version = posture.versions.first(where: { $0 < .tls13 && $0 > .ssl30 }) { askGroups12(version) }
    }

    private mutating func askGroups13() {
        while posture.groups.count < NamedGroup.known.count {
            var hello = question(.tls13)
            // Without a key share the server has to name the group.
            hello.keyShares = []
            hello.groups = NamedGroup.known.filter { !posture.groups.contains($0) }
            guard let group = put(hello)?.hello.group, hello.groups.contains(group) else { return }
            posture.groups.append(group)
        }
    }

    private mutating func askGroups12(_ version: WireVersion) {
        let suites = posture.suites12.filter { $0.name.hasPrefix("TLS_ECDHE_") || $0.name.hasPrefix("TLS_ECDH_anon") }
        guard !suites.isEmpty else { return }
        var seen: Set<NamedGroup> = []
        while true {
            var hello = question(version, suites: suites.map(\.rawValue))
            hello.groups = hello.groups.filter { !seen.contains($0) && $0.rawValue < 0x0100 }
            guard !hello.groups.isEmpty, let group = put(hello)?.keyExchange?.group, hello.groups.contains(group) else {
                return
            }
            seen.insert(group)
            if !posture.groups.contains(group) { posture.groups.append(group) }
        }
    }

    // MARK: habits

    private mutating func askHabits() {
        guard let version = posture.versions.first(where: { $0 < .tls13 }) else { return }
        let suites = posture.suites12.map(\.rawValue)
        if version > .ssl30, let flight = put(question(version, suites: suites)) {
            posture.hasSecureRenegotiation = flight.hello.hasSecureRenegotiation
            posture.hasExtendedMasterSecret = flight.hello.hasExtendedMasterSecret
        }
        var compressing = question(version, suites: suites)
        compressing.compression = [1]
        if let flight = put(compressing) { posture.compresses = flight.hello.compression != 0 }
        askWeakSignature(version, suites)
        askFallback(version, suites)
    }

    private mutating func askWeakSignature(_ version: WireVersion, _ suites: [UInt16]) {
        guard version >= .tls12 else { return }
        var hello = question(version, suites: suites)
        hello.schemes = Self.weakSchemes
        _ = put(hello)
    }

    /// A server that speaks something newer has to refuse with inappropriate_fallback (RFC 7507).
    private mutating func askFallback(_ newest: WireVersion, _ suites: [UInt16]) {
        let older = posture.versions.first { version in posture.versions.contains { $0 > version } }
        guard let older else { return }
        let hello = question(older, suites: (older == newest ? suites : Self.suites12) + [ProbeHello.fallbackSCSV])
        posture.refusesFallback = put(hello) == nil
    }
}

/// Why a server could not be looked at.
package enum ScanFailure: Error, Sendable, Equatable {
    case unreachable(String)
    case noTLS(String)
}

extension ProbeOutcome {
    /// In words, for a server that takes nothing.
    var words: String {
        switch self {
        case .flight: "it agreed to something that was not offered"
        case .alert(let number): "it answered with the TLS alert \(number)"
        case .closed: "it closed the connection without an answer"
        case .timedOut: "it did not answer in time"
        case .unreadable(let words): words
        case .unreachable(let words): words
        }
    }
}
