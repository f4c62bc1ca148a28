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

    init(_ limits: EdgeLimits, files: FileBudget, workers: Int) {
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
        let now = Self.now()
        let result = withDoor(isAdmin) { door -> Result<AcceptGate.Admission, GateRefusal> in
            let result = door.gate.admit(door.key(of: address), at: now)
            if case .failure(let refusal) = result { door.tally.count(refusal) }
            return result
        }
        return result.map { admission in
            acceptedSince.add(1, ordering: .relaxed)
            return EdgePass(edge: self, isAdmin: isAdmin, admission: admission)
        }
    }

    private func refuse(_ refusal: GateRefusal, isAdmin: Bool) -> Result<EdgePass, GateRefusal> {
        count(refusal, isAdmin: isAdmin)
        return .failure(refusal)
    }

    func count(_ refusal: GateRefusal, isAdmin: Bool) {
        withDoor(isAdmin) { $0.tally.count(refusal) }
    }

    /// A load balancer has said for whom it speaks.
    fileprivate func readmit(
        _ admission: AcceptGate.Admission, as address: SocketAddress, isAdmin: Bool
    ) -> Result<AcceptGate.Admission, GateRefusal> {
        withDoor(isAdmin) { door in
            door.gate.leave(admission)
            let result = door.gate.admit(door.key(of: address), at: Self.now())
            if case .failure(let refusal) = result { door.tally.count(refusal) }
            return result
        }
    }

    fileprivate func withGate<Value: Sendable>(_ isAdmin: Bool, _ work: (inout AcceptGate) -> Value) -> Value {
        withDoor(isAdmin) { work(&$0.gate) }
    }

    fileprivate func left() { acceptedSince.subtract(1, ordering: .relaxed) }

    private func withDoor<Value: Sendable>(_ isAdmin: Bool, _ work: (inout Door) -> Value) -> Value {
        isAdmin ? admins.withLock { work(&$0) } : clients.withLock { work(&$0) }
    }

    fileprivate static func now() -> UInt64 { NIODeadline.now().uptimeNanoseconds.magnitude }

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

/// A connection's place among those that are counted. It belongs to the connection's loop and ends with `leave`.
final class EdgePass {
    private let edge: EdgeState
    private let isAdmin: Bool
    private var admission: AcceptGate.Admission?
    private var identity: String?
    /// While no request has come.
    private var firstRequest: BoundedWait<any SweptConnection>.Ticket?

    fileprivate init(edge: EdgeState, isAdmin: Bool, admission: AcceptGate.Admission) {
        self.edge = edge
        self.isAdmin = isAdmin
        self.admission = admission
    }

    /// Counts the connection for the client that a load balancer speaks for.
    func readdress(to address: SocketAddress) -> GateRefusal? {
        guard let old = admission.take() else { return nil }
        switch edge.readmit(old, as: address, isAdmin: isAdmin) {
        case .success(let new):
            admission = new
            return nil
        case .failure(let refusal): return refusal
        }
    }

    /// Asked once the ClientHello is there.
    func beginHandshake() -> Reason? {
        guard let admission else { return nil }
        let refusal = edge.withGate(isAdmin) { $0.beginHandshake(admission, at: EdgeState.now()) }
        if let refusal { edge.count(refusal, isAdmin: isAdmin) }
        return refusal?.reason
    }

    /// The handshake was good, and this is who it is. Not nil when that client has too many connections.
    func established(_ name: String?) -> Reason? {
        guard let admission else { return nil }
        let isTaken = edge.withGate(isAdmin) { gate in
            gate.handshakeSucceeded(admission, at: EdgeState.now())
            return admission.isExempt || name.map { gate.identify($0) } ?? true
        }
        guard isTaken else {
            edge.count(.identityConnections, isAdmin: isAdmin)
            return GateRefusal.identityConnections.reason
        }
        if !admission.isExempt { identity = name }
        return nil
    }

    /// The head of a request is to come. Where too many connections wait for their first, the oldest is closed.
    func awaitRequest(_ connection: any SweptConnection, on loop: LoopState) {
        firstRequest = loop.firstRequestAwaited(by: connection)
    }

    func requestCame(on loop: LoopState) {
        if let ticket = firstRequest.take() { loop.firstRequestCame(ticket) }
    }

    /// The connection is closed.
    func leave(_ loop: LoopState) {
        requestCame(on: loop)
        edge.left()
        let name = identity.take()
        let admission = admission.take()
        edge.withGate(isAdmin) { gate in
            if let name { gate.forget(name) }
            if let admission { gate.leave(admission) }
        }
    }
}

extension SocketAddress {
    /// 4 or 16 bytes in network order; nil for a unix socket.
    var ipBytes: [UInt8]? {
        switch self {
        case .v4(let address):
            var bytes = address.address.sin_addr
            return withUnsafeBytes(of: &bytes) { Array($0) }
        case .v6(let address):
            var bytes = address.address.sin6_addr
            return withUnsafeBytes(of: &bytes) { Array($0) }
        case .unixDomainSocket: return nil
        }
    }
}
