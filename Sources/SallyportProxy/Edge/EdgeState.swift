import NIOCore
import SallyportConfig
import SallyportEdge
import SallyportModel
import SallyportTLS
import Synchronization

/// What the whole process takes on, over all loops: connections, open files, memory. Shared, so short locks guard it;
/// they are taken a few times for a connection and never for a request.
final class EdgeState: Sendable {
    let files: FileBudget
    let workers: Int
    let bans: BanRegister
    private let clients: Mutex<Door>
    private let admins: Mutex<Door>
    private let step = Atomic<Int>(0)
    private let measuredFiles = Atomic<Int>(0)
    private let acceptedSince = Atomic<Int>(0)

    private struct Door {
        var gate: AcceptGate
        var tally = RefusalTally()
        var exempt: [AddressRange] = []

        /// Nil for one that is not limited by itself.
        func key(of address: SocketAddress?) -> AddressKey? {
            guard let bytes = address?.ipBytes, !exempt.contains(where: { $0.contains(bytes) }) else { return nil }
            return AddressKey(bytes)
        }
    }

    /// Operators, their browsers and their monitoring.
    private static let adminConnections = 128

    init(_ limits: EdgeLimits, files: FileBudget, workers: Int, bans: BanRegister = BanRegister()) {
        self.bans = bans
        bans.adopt(limits.bans)
        self.files = files
        self.workers = max(1, workers)
        let wanted = Self.gate(limits, files: files, workers: self.workers)
        clients = Mutex(Door(gate: AcceptGate(wanted), exempt: limits.addresses.exempt))
        var forAdmins = wanted
        forAdmins.connections = Self.adminConnections
        admins = Mutex(Door(gate: AcceptGate(forAdmins, addresses: 1024), exempt: limits.addresses.exempt))
    }

    private static func gate(_ limits: EdgeLimits, files: FileBudget, workers: Int) -> AcceptGate.Limits {
        AcceptGate.Limits(
            connections: min(limits.connections ?? .max, files.connections),
            addressConnections: limits.addresses.connections, addressRate: limits.addresses.rate,
            addressBurst: limits.addresses.burst, identityConnections: limits.identityConnections,
            addressHandshakes: limits.addresses.handshakes, handshakes: limits.handshakes * workers)
    }

    /// Holds for connections that come from now on.
    func adopt(_ limits: EdgeLimits) {
        bans.adopt(limits.bans)
        let wanted = Self.gate(limits, files: files, workers: workers)
        clients.withLock { door in
            door.gate.adopt(wanted)
            door.exempt = limits.addresses.exempt
        }
        admins.withLock { door in
            var forAdmins = wanted
            forAdmins.connections = Self.adminConnections
            door.gate.adopt(forAdmins)
            door.exempt = limits.addresses.exempt
        }
    }

    // MARK: connections

    /// - Parameter address: of the client; nil where its address is not known yet.
    func admit(_ address: SocketAddress?, isAdmin: Bool) -> Result<EdgePass, GateRefusal> {
        if !isAdmin, memoryStep >= .refuseConnections { return refuse(.memory, isAdmin: false) }
        return enter(address, isAdmin: isAdmin).map { admission in
            acceptedSince.add(1, ordering: .relaxed)
            return EdgePass(edge: self, isAdmin: isAdmin, admission: admission, address: address?.network)
        }
    }

    /// Operators are never banned: they have to get in to lift bans.
    private func enter(_ address: SocketAddress?, isAdmin: Bool) -> Result<AcceptGate.Admission, GateRefusal> {
        let client = isAdmin ? nil : address?.network
        if let client, let refusal = bans.refusal(of: client) { return refuse(refusal, isAdmin: false) }
        let result = withDoor(isAdmin) { door -> Result<AcceptGate.Admission, GateRefusal> in
            let result = door.gate.admit(door.key(of: address), at: Self.now())
            if case .failure(let refusal) = result { door.tally.count(refusal) }
            return result
        }
        if case .failure(let refusal) = result, let client {
            bans.offended(.network(client.ofOneClient), by: refusal.reason)
        }
        return result
    }

    private func refuse<Value>(_ refusal: GateRefusal, isAdmin: Bool) -> Result<Value, GateRefusal> {
        count(refusal, isAdmin: isAdmin)
        return .failure(refusal)
    }

    func count(_ refusal: GateRefusal, isAdmin: Bool) {
        withDoor(isAdmin) { $0.tally.count(refusal) }
    }

    /// A load balancer has said for whom it speaks.
    func readmit(
        _ admission: AcceptGate.Admission, as address: SocketAddress, isAdmin: Bool
    ) -> Result<AcceptGate.Admission, GateRefusal> {
        withDoor(isAdmin) { $0.gate.leave(admission) }
        return enter(address, isAdmin: isAdmin)
    }

    func withGate<Value: Sendable>(_ isAdmin: Bool, _ work: (inout AcceptGate) -> Value) -> Value {
        withDoor(isAdmin) { work(&$0.gate) }
    }

    func left() { acceptedSince.subtract(1, ordering: .relaxed) }

    private func withDoor<Value: Sendable>(_ isAdmin: Bool, _ work: (inout Door) -> Value) -> Value {
        isAdmin ? admins.withLock { work(&$0) } : clients.withLock { work(&$0) }
    }

    static func now() -> UInt64 { NIODeadline.now().uptimeNanoseconds.magnitude }

    /// Refusals since this was asked last, for the log.
    func news() -> [(GateRefusal, count: Int)] {
        clients.withLock { $0.tally.news() } + admins.withLock { $0.tally.news() }
    }

    /// Refusals of clients since the start.
    var refusals: [(GateRefusal, count: Int)] { clients.withLock { $0.tally.all } }
    var connectionLimit: Int { clients.withLock { $0.gate.limits.connections } }
    var openConnections: Int { clients.withLock { $0.gate.open } }

    // MARK: files

    /// Connections wait in the kernel's queue until files are closed.
    func mustWait(isAdmin: Bool) -> Bool {
        files.isExhausted(open: openFiles, forAdmin: isAdmin)
    }

    /// As counted last, with what has come and gone since.
    var openFiles: Int {
        measuredFiles.load(ordering: .relaxed) + max(0, acceptedSince.load(ordering: .relaxed))
    }

    func note(openFiles: Int) {
        acceptedSince.store(0, ordering: .relaxed)
        measuredFiles.store(openFiles, ordering: .relaxed)
    }

    // MARK: memory

    var memoryStep: MemoryStep { MemoryStep(rawValue: step.load(ordering: .relaxed)) ?? .none }

    func note(_ step: MemoryStep) {
        self.step.store(step.rawValue, ordering: .relaxed)
    }
}
