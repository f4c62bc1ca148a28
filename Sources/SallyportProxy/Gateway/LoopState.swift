import Logging
import NIOCore
import SallyportEdge
import SallyportHTTP
import SallyportModel
import SallyportTLS
import SallyportTelemetry
import Synchronization

/// What one event loop owns. Nothing here is shared, so nothing here is locked.
final class LoopState {
    let eventLoop: any EventLoop
    let index: Int
    let counters: LoopCounters
    let logger: Logger
    private(set) var current: GenerationView
    private var connections: [any SweptConnection] = []
    private(set) var isDraining = false
    private var requestIDs: RequestIDSource
    /// Reused for every head that is written.
    var scratch: [UInt8] = []
    var addedFields: [UInt8] = []
    let noBytes = ByteBuffer()
    private var date = DateField()
    var refusals = RefusalMeter()

    let edge: EdgeState
    let telemetry: GatewayTelemetry
    let metrics: LoopMetrics
    private var spanIDs = SpanNumbers.generator()
    /// When the next turn of the sweep is due.
    private var nextSweep = NIODeadline.distantFuture
    /// Which refused handshakes get a line.
    var refusalLines = RefusalSampler()
    /// When to look at which connection.
    private var wheel: TimingWheel<any SweptConnection>
    /// In the order of `connections`.
    private var looks: [TimingWheel<any SweptConnection>.Entry] = []
    /// Connections whose first request has not come.
    private var unproven: BoundedWait<any SweptConnection>
    private var turns: FairQueue<String, Exchange>

    /// - Parameter handshakes: How many may be under way at a time.
    init(
        eventLoop: any EventLoop, index: Int, counters: LoopCounters, logger: Logger, generation: Generation,
        handshakes: Int, edge: EdgeState, telemetry: GatewayTelemetry = GatewayTelemetry()
    ) {
        self.edge = edge
        self.telemetry = telemetry
        metrics = LoopMetrics(telemetry.families, loop: index, active: telemetry.active[index])
        wheel = TimingWheel(
            tickLength: Timeouts.sweep.nanoseconds.magnitude, slots: 256, now: NIODeadline.now().uptimeNanoseconds.magnitude)
        unproven = BoundedWait(capacity: edge.connectionLimit / (4 * edge.workers))
        turns = FairQueue(
            limit: generation.configuration.edge.requests / edge.workers, capacity: Bounds.waitingRequests,
            patience: Bounds.turnPatience)
        pending = BoundedWait(capacity: handshakes)
        self.eventLoop = eventLoop
        self.index = index
        self.counters = counters
        self.logger = logger
        requestIDs = RequestIDSource()
        scratch.reserveCapacity(4096)
        addedFields.reserveCapacity(4096)
        current = GenerationView(generation, metrics)
    }

    // MARK: configuration

    /// New exchanges begin under this generation from now on.
    func adopt(_ generation: Generation) {
        observedClients = observedClients.filter { generation.tls[$0.key] != nil }
        let old = current
        current = GenerationView(generation, metrics)
        old.retire()
        turns.limit = max(1, generation.configuration.edge.requests / edge.workers)
        call(turns.admit())
    }

    // MARK: clients

    /// What clients offered and what was agreed with them, by name of listener.
    private(set) var observedClients: [String: ObservedClients] = [:]

    func observe(_ hello: ClientHello, ja4: String, listener: String) {
        observedClients[listener, default: ObservedClients()].note(hello, ja4: ja4)
    }

    func observeHandshake(_ facts: TLSFacts, listener: String) {
        observedClients[listener, default: ObservedClients()].noteHandshake(facts)
    }

    // MARK: revocation

    /// Counts up when the certificates of all connections were looked at; a handshake during which it changed is looked
    /// at once more.
    private(set) var recheck = 0
    /// Connections looked at before others get their turn.
    private static let recheckBatch = 256

    /// Has every connection whose certificate is refused now cut.
    func recheckIdentities() {
        recheck += 1
        look(at: connections[...]) { $0.recheckIdentity() }
    }

    private func look(
        at connections: ArraySlice<any SweptConnection>, _ work: @escaping (any SweptConnection) -> Void
    ) {
        for connection in connections.prefix(Self.recheckBatch) { work(connection) }
        let rest = connections.dropFirst(Self.recheckBatch)
        guard !rest.isEmpty else { return }
        eventLoop.assumeIsolated().execute { [self] in look(at: rest, work) }
    }

    private var bansSeen = 0
    private var nextLookForBans = NIODeadline.distantPast
    /// Automatic bans may come one after the other, and to look at every connection each time costs what they save.
    private static let pauseBetweenBans = TimeAmount.seconds(1)

    /// Has the connections cut of those who were banned since.
    private func recheckBans(at now: NIODeadline) {
        let version = edge.bans.version
        guard version != bansSeen, now >= nextLookForBans else { return }
        bansSeen = version
        nextLookForBans = now + Self.pauseBetweenBans
        look(at: connections[...]) { $0.recheckBan() }
    }

    // MARK: connections

    /// Connections whose handshake is not over, or whose plain request has not come; the former are not registered yet.
    private var pending: BoundedWait<any Channel>
    /// Since the last sweep.
    private var displaced = 0

    /// Requests that services of the gateway itself are working on, also when nobody waits for the answer any more.
    var localCalls = 0
    /// Those whose content is still to come. Whoever holds it back must not keep others from a service.
    private var gathering = BoundedWait<Exchange>(capacity: LocalCall.mostGathering)

    /// Whether some connection is open, or has its handshake under way.
    var hasWork: Bool { !connections.isEmpty || pending.count > 0 }

    /// A handshake begins. Where too many are under way, the oldest connection is closed for it.
    func handshakeBegins(_ channel: any Channel) -> BoundedWait<any Channel>.Ticket {
        let (ticket, oldest) = pending.add(channel)
        if let oldest {
            displaced += 1
            oldest.close(promise: nil)
        }
        return ticket
    }

    /// A handshake is over. False: its connection had been closed for another one.
    func handshakeEnds(_ ticket: BoundedWait<any Channel>.Ticket) -> Bool {
        pending.remove(ticket)
    }

    /// A service waits for the content of a request. Where it waits for too many, the oldest is given up.
    func contentAwaited(by exchange: Exchange) -> BoundedWait<Exchange>.Ticket {
        let (ticket, oldest) = gathering.add(exchange)
        oldest?.giveWay()
        return ticket
    }

    func contentEnds(_ ticket: BoundedWait<Exchange>.Ticket) {
        _ = gathering.remove(ticket)
    }

    /// One line for all of them: a line each would be a flood of its own.
    private func reportDisplaced() {
        guard displaced > 0 else { return }
        logger.warning(
            "oldest handshakes given up",
            metadata: [
                "code": "\(Reason.tooManyHandshakes.name)", "count": "\(displaced)", "under way": "\(pending.count)",
                "detail": "more handshakes are under way than are kept, and the oldest give way to new ones",
                "fix": "\(Reason.tooManyHandshakes.fix)",
            ])
        displaced = 0
    }

    private func reportUnlogged(at now: NIODeadline) {
        for (reason, count) in refusalLines.news(at: now.uptimeNanoseconds.magnitude) {
            logger.warning(
                "handshakes refused, without a line each",
                metadata: [
                    "code": "\(reason.name)", "reason": "\(reason.title)", "count": "\(count)", "fix": "\(reason.fix)",
                ])
        }
    }

    func register(_ connection: any SweptConnection) {
        connection.registryIndex = connections.count
        connections.append(connection)
        looks.append(wheel.add(connection, deadline: connection.nextLook(after: .now()).uptimeNanoseconds.magnitude))
        counters.connections.store(connections.count, ordering: .relaxed)
    }

    func unregister(_ connection: any SweptConnection) {
        let index = connection.registryIndex
        guard connections.indices.contains(index), connections[index] === connection else { return }
        connection.registryIndex = -1
        wheel.remove(looks[index])
        let lastLook = looks.removeLast()
        if index < looks.count { looks[index] = lastLook }
        let last = connections.removeLast()
        if last !== connection {
            connections[index] = last
            last.registryIndex = index
        }
        counters.connections.store(connections.count, ordering: .relaxed)
    }

    /// To be called at every turn of the sweep; how late that is says how long the loop was busy with something else.
    func turn() {
        let late = (NIODeadline.now() - nextSweep).nanoseconds
        if nextSweep != .distantFuture { metrics.lag.record(nanoseconds: UInt64(max(0, late))) }
        sweep()
        nextSweep = .now() + Timeouts.sweep
    }

    /// Looks at the connections whose time has come.
    func sweep() {
        let now = NIODeadline.now()
        for (entry, connection) in wheel.due(at: now.uptimeNanoseconds.magnitude) {
            connection.sweep(now: now)
            // It may be gone by now.
            guard looks.indices.contains(connection.registryIndex), looks[connection.registryIndex] == entry else { continue }
            wheel.set(entry, deadline: connection.nextLook(after: now).uptimeNanoseconds.magnitude)
        }
        for exchange in turns.expired(at: now.uptimeNanoseconds.magnitude) { exchange.turnNeverCame() }
        counters.waiting.store(turns.waiting, ordering: .relaxed)
        current.sweep(now: now)
        reportDisplaced()
        reportUnlogged(at: now)
        recheckBans(at: now)
    }

    /// A connection has a deadline that may be earlier than those before it.
    func look(at connection: any SweptConnection, by deadline: NIODeadline) {
        guard looks.indices.contains(connection.registryIndex) else { return }
        wheel.bringForward(looks[connection.registryIndex], to: deadline.uptimeNanoseconds.magnitude)
    }

    private var drainingSince = NIODeadline.distantFuture
    /// How long a connection without an exchange is kept for one more while the loop is draining.
    private(set) var idleLimit = TimeAmount.zero

    /// Exchanges that begin from now on are the last of their connections.
    ///
    /// - Parameter idle: How long a connection without an exchange is kept for one more.
    func drain(idle: Duration) {
        isDraining = true
        drainingSince = .now()
        idleLimit = TimeAmount(idle)
        for connection in connections { look(at: connection, by: .now()) }
        sweep()
    }

    /// Whether a connection without an exchange has been kept long enough. Always false unless the loop is draining.
    func isDrained(idleSince: NIODeadline, now: NIODeadline) -> Bool {
        isDraining && max(idleSince, drainingSince) + idleLimit <= now
    }

    func closeAll() {
        for connection in connections { connection.close() }
    }

    // MARK: load

    func enterTurns(_ exchange: Exchange, as key: String) -> FairQueue<String, Exchange>.Entrance {
        turns.enter(exchange, as: key, at: NIODeadline.now().uptimeNanoseconds.magnitude)
    }

    func leaveTurns(_ ticket: FairQueue<String, Exchange>.Ticket) {
        _ = turns.withdraw(ticket)
    }

    func turnEnded() {
        call(turns.leave())
    }

    /// Exchanges whose turn has come and that do not know it yet.
    private var called: [Exchange] = []
    private var isCalling = false

    /// Not re-entered: one that ends at once lets the next one come, and a long line would be as deep.
    private func call(_ exchanges: [Exchange]) {
        called += exchanges
        guard !isCalling else { return }
        isCalling = true
        while !called.isEmpty {
            let now = called
            called = []
            for exchange in now { exchange.turnCame() }
        }
        isCalling = false
    }

    /// The head of a first request is to come. Where too many are waited for, the oldest connection is closed.
    func firstRequestAwaited(by connection: any SweptConnection) -> BoundedWait<any SweptConnection>.Ticket {
        let (ticket, oldest) = unproven.add(connection)
        if let oldest {
            edge.count(.unproven, isAdmin: false)
            oldest.close()
        }
        return ticket
    }

    func firstRequestCame(_ ticket: BoundedWait<any SweptConnection>.Ticket) {
        _ = unproven.remove(ticket)
    }

    /// Those given up at a time, and bytes below which it is not worth it.
    private static let mostGivenUp = 8
    private static let largeBuffer = 64 << 10

    /// Memory is about to run out: the largest go first.
    func giveUpLargestBuffers() {
        let largest = connections.map { ($0, $0.heldBytes) }.filter { $0.1 >= Self.largeBuffer }
            .sorted { $0.1 > $1.1 }.prefix(Self.mostGivenUp)
        for (connection, _) in largest { connection.giveUpBuffers() }
    }

    // MARK: small services

    func nextRequestID() -> RequestID { requestIDs.next() }
    func nextSpan() -> SpanID { .random(using: &spanIDs) }

    /// Seconds since 1970.
    func wallClockSeconds() -> Int64 { UnixTime.seconds() }

    /// A complete Date field (RFC 9110 §6.6.1).
    func dateField() -> [UInt8] { date.line(at: wallClockSeconds()) }
}

/// What the loop's sweep calls.
protocol SweptConnection: AnyObject {
    var registryIndex: Int { get set }
    func sweep(now: NIODeadline)
    /// When `sweep` is to be called next. What becomes due earlier is told by `LoopState.look(at:by:)`.
    func nextLook(after now: NIODeadline) -> NIODeadline
    /// Bytes that wait in it.
    var heldBytes: Int { get }
    /// Memory is short: ends the largest of what it holds.
    func giveUpBuffers()
    /// Ends the connection if its client's certificate has been revoked.
    func recheckIdentity()
    /// Ends the connection if its client has been banned.
    func recheckBan()
    func close()
}

extension SweptConnection {
    func nextLook(after now: NIODeadline) -> NIODeadline { now + .milliseconds(500) }
    var heldBytes: Int { 0 }
    func giveUpBuffers() { close() }
    func recheckBan() {}
}

/// What one loop counts; read by `status` from other threads.
final class LoopCounters: Sendable {
    let connections = Atomic<Int>(0)
    let requests = Atomic<Int>(0)
    let handshakes = Atomic<Int>(0)
    let refusedHandshakes = Atomic<Int>(0)
    /// Requests that wait for their turn.
    let waiting = Atomic<Int>(0)
}

/// Numbers that name spans: different for each loop and process, and no secret.
struct SpanNumbers: RandomNumberGenerator {
    private var state: UInt64

    static func generator() -> SpanNumbers { SpanNumbers(state: .random(in: .min ... .max)) }

    /// SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

/// Request ids that can't be guessed from one another by a client: a random half for the loop, and a counter mixed by
/// a permutation (SplitMix64) under a secret start.
struct RequestIDSource {
    private let high = UInt64.random(in: .min ... .max)
    private var state = UInt64.random(in: .min ... .max)

    mutating func next() -> RequestID {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return RequestID(high: high, low: mixed ^ (mixed >> 31))
    }
}
