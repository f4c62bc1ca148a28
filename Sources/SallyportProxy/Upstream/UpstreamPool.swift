import Logging
import NIOCore
import SallyportBalance
import SallyportConfig
import SallyportHTTP
import SallyportModel
import SallyportTelemetry

/// What an exchange needs a stream for, and what decides where it comes from.
struct PoolRequest {
    /// What will be spoken instead of HTTP once the target agrees.
    var tunnel: TunnelProtocol?
    /// Asks for a connection that has served nothing yet.
    var fresh = false
    /// Sent before anything else on a connection that is opened for this request alone (PROXY protocol).
    var preface: [UInt8] = []
    /// Of the key that the upstream balances by.
    var hash: UInt64?
    /// Only endpoints with this label.
    var label: String?
    /// Endpoints that the request has tried.
    var tried: [EndpointRecord] = []

    func hasTried(_ record: EndpointRecord) -> Bool {
        for one in tried where one === record { return true }
        return false
    }
}

/// The endpoints of one upstream as one event loop sees them, under one generation of the configuration: chooses
/// among them, goes on to the next when one can't be reached, and tells the board how requests fared.
final class UpstreamPool {
    let plan: UpstreamPlan
    let loop: LoopState
    let series: UpstreamSeries
    private let limits: HTTPLimits
    private var places: [Place] = []
    private var balancer: Balancer
    private var version = -1
    /// Reused from choice to choice.
    private var views: [EndpointView] = []
    private var budget: RetryBudget
    private var hedges: HedgeTrigger?
    private var adaptive: AdaptiveConcurrency?
    /// Requests of this loop that are let in.
    private var underWay = 0
    var random = SeededRandom(seed: .random(in: .min ... .max))
    private var isRetired = false

    private struct Place {
        let record: EndpointRecord
        let targets: TargetPool
    }

    /// Per worker and upstream.
    static let maximumConnections = 1024
    private static let rest = TimeAmount.seconds(1)
    /// All endpoints are tried at once, then again after each of these.
    private static let pauses: [TimeAmount] = [.milliseconds(50), .milliseconds(150), .milliseconds(300)]

    init(plan: UpstreamPlan, loop: LoopState, limits: HTTPLimits) {
        self.plan = plan
        self.loop = loop
        series = loop.metrics.upstream(named: plan.upstream.name)
        self.limits = limits
        let upstream = plan.upstream
        balancer = Balancer(upstream.balance, endpoints: [], seed: .random(in: .min ... .max))
        budget = RetryBudget(upstream.retries)
        hedges = upstream.hedge.map(HedgeTrigger.init)
        adaptive = upstream.concurrency == .adaptive ? AdaptiveConcurrency() : nil
    }

    /// Connections that are open or being opened.
    var open: Int { places.reduce(0) { $0 + $1.targets.open } }

    /// Endpoints that a request can go to; at least the number of targets in the file, names being looked up.
    var endpointCount: Int { places.count }

    // MARK: letting in

    enum Admission {
        case admitted
        case waits(ticket: UInt64)
        case refused(Reason)
    }

    /// Whether one more request may be under way. `turn` is called on the loop, later, and only after `waits`. Who is
    /// let in, at once or in turn, calls `leave`. Where there is room, `admitAtOnce` needs no closure.
    func admit(turn: @escaping () -> Void) -> Admission {
        if let adaptive, !adaptive.admits(underWay: underWay) { return .refused(.upstreamShed) }
        let bound = NIOLoopBound(turn, eventLoop: loop.eventLoop)
        let eventLoop = loop.eventLoop
        switch plan.board.gate.enter(turn: { eventLoop.execute { bound.value() } }) {
        case .entered:
            entered()
            return .admitted
        case .waits(let ticket): return .waits(ticket: ticket)
        case .full: return .refused(.upstreamFull)
        }
    }

    /// Lets a request in only where it need not wait.
    func admitAtOnce() -> Bool {
        guard adaptive?.admits(underWay: underWay) ?? true, plan.board.gate.enterAtOnce() else { return false }
        entered()
        return true
    }

    /// A request that waited has its turn, or was let in at once.
    func entered() {
        underWay += 1
        budget.began(now: .now())
    }

    func leave() {
        underWay -= 1
        plan.board.gate.leave()
    }

    /// Its turn came when nobody wanted it any more.
    func passTurn() { plan.board.gate.leave() }

    func withdraw(_ ticket: UInt64) -> Bool { plan.board.gate.withdraw(ticket) }

    // MARK: choosing

    /// Which of the endpoints the request goes to, until it next gives way to the loop; nil: there is none.
    func place(for request: PoolRequest) -> Int? {
        synchronize()
        return choose(request)
    }

    /// Position in the plan of the target at this place.
    func target(at place: Int) -> Int { places[place].targets.index }

    /// A stream at this place that is there already.
    func takeIdle(_ request: PoolRequest, at index: Int) -> UpstreamLease? {
        guard !request.fresh, let stream = places[index].targets.takeIdle(request) else { return nil }
        return UpstreamLease(stream: stream, record: places[index].record, isReused: true)
    }

    /// Opens a connection, at this place first. `done` is called exactly once, on the event loop, before or after this
    /// returns.
    func open(
        _ request: PoolRequest, at index: Int, done: @escaping (Result<UpstreamLease, UpstreamFailure>) -> Void
    ) {
        guard open < Self.maximumConnections else { return done(.failure(UpstreamFailure(.upstreamBusy))) }
        connect(places[index], Connecting(request: request, deadline: .now() + plan.connectTimeout), done: done)
    }

    /// Hands over a stream at once if there is one, else opens a connection. `done` is called exactly once, on the
    /// event loop, before or after this returns.
    func acquire(_ request: PoolRequest, done: @escaping (Result<UpstreamLease, UpstreamFailure>) -> Void) {
        guard let index = place(for: request) else { return done(.failure(UpstreamFailure(.upstreamUnreachable))) }
        if let lease = takeIdle(request, at: index) { return done(.success(lease)) }
        open(request, at: index, done: done)
    }

    private func choose(_ request: PoolRequest) -> Int? {
        // Nothing to choose: the only endpoint is taken whatever is known of it.
        if places.count == 1, request.label == nil, request.tried.isEmpty { return 0 }
        let now = Nanoseconds.now()
        var query = ChoiceQuery(hash: request.hash, label: request.label)
        views.removeAll(keepingCapacity: true)
        for (index, place) in places.enumerated() {
            views.append(place.record.view(now: now))
            if request.hasTried(place.record) { query.tried.append(index) }
        }
        return balancer.choose(query, now: now, views: views)
    }

    /// Endpoints come and go with looking names up. Connections to those that stay are kept.
    private func synchronize() {
        let newest = plan.board.endpointVersion
        guard newest != version else { return }
        version = newest
        let known = Dictionary(places.map { ($0.record.key, $0) }, uniquingKeysWith: { first, _ in first })
        var endpoints: [Endpoint] = []
        var kept: [Place] = []
        for (endpoint, record) in plan.board.endpoints() {
            guard let position = plan.position(of: endpoint.key) else { continue }
            endpoints.append(endpoint)
            kept.append(known[endpoint.key] ?? place(record, at: position))
        }
        let keys = Set(endpoints.map(\.key))
        for place in places where !keys.contains(place.record.key) { place.targets.retire() }
        places = kept
        balancer.replace(endpoints)
    }

    private func place(_ record: EndpointRecord, at position: Int) -> Place {
        let targets = TargetPool(
            plan: plan, index: position, address: plan.address(of: record.key, at: position), loop: loop, limits: limits)
        return Place(record: record, targets: targets)
    }

    // MARK: opening

    private struct Connecting {
        var request: PoolRequest
        let deadline: NIODeadline
        var rounds = 0
    }

    /// Opens a connection; on failure goes on with the next endpoint, and after a round of all of them pauses. A server
    /// that is restarting is so waited for, a little. Nothing of the request was sent, so this is safe for any method.
    private func connect(
        _ place: Place, _ connecting: Connecting, done: @escaping (Result<UpstreamLease, UpstreamFailure>) -> Void
    ) {
        place.targets.connect(connecting.request, deadline: connecting.deadline) { [self] result in
            switch result {
            case .success(let stream):
                place.record.rested()
                done(.success(UpstreamLease(stream: stream, record: place.record, isReused: false)))
            case .failure(let failure):
                if !failure.isOfRequest {
                    place.record.rest(until: .now() + Self.rest.nanoseconds)
                    failed(place.record, .connect)
                }
                goOn(after: failure, at: place, connecting, done: done)
            }
        }
    }

    private func goOn(
        after failure: UpstreamFailure, at place: Place, _ connecting: Connecting,
        done: @escaping (Result<UpstreamLease, UpstreamFailure>) -> Void
    ) {
        let retries = plan.upstream.retries
        guard retries.attempts > 0, retries.on.contains(.connect), !isRetired, .now() < connecting.deadline else {
            return done(.failure(failure))
        }
        var next = connecting
        next.request.tried.append(place.record)
        if let index = choose(next.request), !next.request.hasTried(places[index].record) {
            return connect(places[index], next, done: done)
        }
        guard failure.reason == .upstreamUnreachable, next.rounds < Self.pauses.count else {
            return done(.failure(failure))
        }
        let pause = Self.pauses[next.rounds]
        next.rounds += 1
        next.request.tried = []
        loop.eventLoop.assumeIsolated().scheduleTask(in: pause) { [self] in
            synchronize()
            guard let index = choose(next.request) else { return done(.failure(failure)) }
            connect(places[index], next, done: done)
        }
    }

    // MARK: how requests fare

    /// The head of a response came.
    func answered(_ lease: UpstreamLease, status: UInt16, after duration: TimeAmount) {
        let now = Nanoseconds.now()
        adaptive?.answered(after: duration.nanoseconds, underWay: underWay, now: now)
        hedges?.answered(after: duration.nanoseconds, now: now)
        if status >= 500, plan.upstream.health.ejection.on.contains(.status(status)) {
            failed(lease.record, .status(status))
        } else {
            lease.record.succeeded()
        }
    }

    func failed(_ record: EndpointRecord, _ failure: FailureKind) {
        guard let ejected = plan.board.failed(record, failure, now: .now()) else { return }
        loop.logger.warning(
            "target ejected",
            metadata: [
                "code": "\(Reason.targetEjected.name)", "upstream": "\(plan.upstream.name)",
                "target": "\(ejected.key.url)", "address": "\(ejected.key.address)", "failures": "\(ejected.failures)",
                "seconds": "\(ejected.seconds)", "last": "\(failure.text)",
            ])
    }

    /// Whether the budget has room for a retry; takes it.
    func takeRetry() -> Bool { budget.take(now: .now()) }

    /// How long to wait for an answer before another endpoint is asked, too; nil: not at all.
    func hedgeDelay() -> TimeAmount? {
        guard let delay = hedges?.began(), places.count > 1 else { return nil }
        return .nanoseconds(delay)
    }

    func takeHedge() -> Bool { hedges?.take() ?? false }

    // MARK: keeping

    func sweep(now: NIODeadline) {
        for place in places { place.targets.sweep(now: now) }
    }

    /// The generation is over.
    func retire() {
        isRetired = true
        for place in places { place.targets.retire() }
    }
}

extension Nanoseconds {
    /// The clock that only goes forward.
    static func now() -> Nanoseconds { Nanoseconds(clamping: NIODeadline.now().uptimeNanoseconds) }
}
