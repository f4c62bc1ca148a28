import NIOCore
import SallyportHTTP
import SallyportModel

/// What an exchange needs a stream for.
struct PoolRequest {
    /// What will be spoken instead of HTTP once the target agrees.
    var tunnel: TunnelProtocol?
    /// Asks for a connection that has served nothing yet.
    var fresh = false
    /// Sent before anything else on a connection that is opened for this request alone (PROXY protocol).
    var preface: [UInt8] = []
}

/// The targets of one upstream as one event loop sees them, under one generation of the configuration: chooses among
/// them and goes on to the next when one can't be reached.
///
/// Targets are taken in turn; one that refused a connection is passed over for a second while others are left.
final class UpstreamPool {
    let plan: UpstreamPlan
    private let eventLoop: any EventLoop
    private let targets: [TargetPool]
    private var restingUntil: [NIODeadline]
    private var turn = 0
    private var isRetired = false

    /// Per worker and upstream.
    static let maximumConnections = 1024
    private static let rest = TimeAmount.seconds(1)
    /// All targets are tried at once, then again after each of these.
    private static let pauses: [TimeAmount] = [.milliseconds(50), .milliseconds(150), .milliseconds(300)]

    init(plan: UpstreamPlan, loop: LoopState, limits: HTTPLimits) {
        self.plan = plan
        eventLoop = loop.eventLoop
        targets = plan.targets.indices.map { TargetPool(plan: plan, index: $0, loop: loop, limits: limits) }
        restingUntil = plan.targets.map { _ in .distantPast }
    }

    /// Connections that are open or being opened.
    var open: Int { targets.reduce(0) { $0 + $1.open } }

    /// Hands over a stream at once if there is one, else opens a connection. `done` is called exactly once, on the
    /// event loop, before or after this returns.
    func acquire(_ request: PoolRequest, done: @escaping (Result<any UpstreamStream, UpstreamFailure>) -> Void) {
        let first = nextTarget()
        if !request.fresh, plan.upstream.proxyProtocol == nil {
            for offset in targets.indices {
                if let stream = targets[(first + offset) % targets.count].takeIdle(request) { return done(.success(stream)) }
            }
        }
        guard open < Self.maximumConnections else { return done(.failure(UpstreamFailure(.upstreamBusy))) }
        connect(attempt: ConnectAttempt(request: request, first: first, deadline: .now() + plan.connectTimeout), done: done)
    }

    private func nextTarget() -> Int {
        let now = NIODeadline.now()
        for _ in targets.indices {
            turn = (turn + 1) % targets.count
            if restingUntil[turn] <= now { return turn }
        }
        return turn
    }

    // MARK: opening

    private struct ConnectAttempt {
        let request: PoolRequest
        let first: Int
        let deadline: NIODeadline
        var tried = 0
    }

    /// Opens a connection; on failure goes on with the next target, and after a round of all of them pauses. A
    /// server that is restarting is so waited for, a little.
    private func connect(
        attempt: ConnectAttempt, done: @escaping (Result<any UpstreamStream, UpstreamFailure>) -> Void
    ) {
        let target = (attempt.first + attempt.tried) % targets.count
        targets[target].connect(attempt.request, deadline: attempt.deadline) { [self] result in
            guard case .failure(let failure) = result else {
                restingUntil[target] = .distantPast
                return done(result)
            }
            restingUntil[target] = .now() + Self.rest
            var next = attempt
            next.tried += 1
            let round = next.tried / targets.count
            let isRoundOver = next.tried % targets.count == 0
            guard failure.reason == .upstreamUnreachable, !isRetired, round <= Self.pauses.count, .now() < next.deadline
            else { return done(.failure(failure)) }
            guard isRoundOver else { return connect(attempt: next, done: done) }
            eventLoop.assumeIsolated().scheduleTask(in: Self.pauses[round - 1]) { self.connect(attempt: next, done: done) }
        }
    }

    // MARK: keeping

    func sweep(now: NIODeadline) {
        for target in targets { target.sweep(now: now) }
    }

    /// The generation is over.
    func retire() {
        isRetired = true
        for target in targets { target.retire() }
    }
}
