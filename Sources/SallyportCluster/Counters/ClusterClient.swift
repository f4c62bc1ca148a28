import NIOCore
import SallyportLimits
import SallyportModel
import Synchronization

/// The counters on a Valkey or Redis server.
package final class ClusterClient: SharedCounters {
    package typealias Report = @Sendable (Result<Void, ClusterFailure>) -> Void

    private let loop: any EventLoop
    private let core: NIOLoopBoundBox<ClusterCore>
    private let state: ClusterState

    /// - Parameters:
    ///   - loop: On which the connection lives.
    ///   - report: Told when the counters can be used, and when and why not.
    package init(_ target: ClusterTarget, on loop: any EventLoop, report: @escaping Report) {
        let state = ClusterState()
        self.loop = loop
        self.state = state
        core = NIOLoopBoundBox.makeBoxSendingValue(
            ClusterCore(target, on: loop, state: state, report: report), eventLoop: loop)
    }

    package func start() { loop.execute { self.core.value.start() } }

    package var view: ClusterView { state.view }

    package func ask(_ request: LeaseRequest) { loop.execute { self.core.value.ask(request) } }

    package func leave(_ limiters: [Limiter]) async {
        let done = loop.makePromise(of: Void.self)
        loop.execute { self.core.value.leave(limiters) { done.succeed(()) } }
        loop.scheduleTask(in: .milliseconds(500)) { done.succeed(()) }
        do {
            try await done.futureResult.get()
        } catch {
            // Only a loop that is shut down fails the promise, and then there is nobody to tell.
            return
        }
    }
}

/// What every thread may know of the link.
final class ClusterState: Sendable {
    private let isReachable = Atomic<Bool>(false)
    private let gateways = Atomic<Int>(1)

    var view: ClusterView {
        ClusterView(
            isReachable: isReachable.load(ordering: .acquiring), gateways: gateways.load(ordering: .relaxed))
    }

    func become(reachable: Bool) { isReachable.store(reachable, ordering: .releasing) }
    func count(gateways count: Int) { gateways.store(max(1, count), ordering: .relaxed) }
}

/// Scripts, presence and leases over the link, on its loop.
final class ClusterCore {
    private let loop: any EventLoop
    private let state: ClusterState
    private let report: ClusterClient.Report
    private let name: String
    private var link: ClusterLink?
    private let target: ClusterTarget
    private var beat: Scheduled<Void>?
    private var isLeaving = false

    private static let presenceKey = "sallyport:{gateways}"
    private static let beatTime = TimeAmount.seconds(2)
    /// A gateway that has not been heard of for so long, in milliseconds, is not counted any more.
    private static let presenceTime = 10_000

    init(_ target: ClusterTarget, on loop: any EventLoop, state: ClusterState, report: @escaping ClusterClient.Report) {
        self.target = target
        self.loop = loop
        self.state = state
        self.report = report
        var random = SystemRandomNumberGenerator()
        name = (0..<2).map { _ in String(random.next() as UInt64, radix: 16) }.joined()
    }

    func start() {
        guard link == nil, !isLeaving else { return }
        let link = ClusterLink(target, on: loop) { [weak self] result in self?.linkChanged(result) }
        self.link = link
        link.connect()
    }

    private func linkChanged(_ result: Result<Void, ClusterFailure>) {
        beat?.cancel()
        switch result {
        case .success: showPresence(isFirst: true)
        case .failure(let failure):
            state.become(reachable: false)
            report(.failure(failure))
        }
    }

    /// The first one proves that scripts can be run.
    private func showPresence(isFirst: Bool) {
        run(.presence, Self.presenceKey, [name, "\(Self.presenceTime)"]) { [weak self] result in
            guard let self, !isLeaving else { return }
            switch result {
            case .success(.integer(let count)):
                state.count(gateways: Int(clamping: count))
                state.become(reachable: true)
                if isFirst { report(.success(())) }
            case .success: refused(ClusterFailure(.clusterMalformed, "a script was answered with something else"))
            case .failure(let failure): refused(failure)
            }
            beat = loop.assumeIsolated().scheduleTask(in: Self.beatTime) { [weak self] in
                self?.showPresence(isFirst: self?.state.view.isReachable == false)
            }
        }
    }

    /// The connection stands, but is of no use now.
    private func refused(_ failure: ClusterFailure) {
        state.become(reachable: false)
        report(.failure(failure))
    }

    // MARK: leases

    func ask(_ request: LeaseRequest) {
        guard let command = LeaseCommand(request.limiter.counted, name: request.name, request.question) else {
            return deliver(nil, request)
        }
        run(command.script, command.key, command.arguments) { [weak self] result in
            guard let self else { return }
            switch result {
            case .success(let reply):
                let answer = LeaseCommand.answer(reply, to: request.question)
                if answer == nil {
                    refused(ClusterFailure(.clusterMalformed, "a lease was answered with something else"))
                }
                deliver(answer, request)
            case .failure(let failure):
                if state.view.isReachable { refused(failure) }
                deliver(nil, request)
            }
        }
    }

    private func deliver(_ answer: LeaseAnswer?, _ request: LeaseRequest) {
        request.limiter.leases?.receive(
            answer, to: request.question, for: request.key, now: NIODeadline.now().uptimeNanoseconds)
    }

    func leave(_ limiters: [Limiter], _ done: @escaping () -> Void) {
        isLeaving = true
        beat?.cancel()
        state.become(reachable: false)
        for limiter in limiters {
            for (name, tokens) in limiter.leases?.surrender() ?? [] {
                let nothing = LeaseQuestion(want: 0, owed: 0)
                let command = LeaseCommand(limiter.counted, name: name, nothing, returned: tokens)
                guard let command else { continue }
                run(command.script, command.key, command.arguments) { _ in }
            }
        }
        // Replies come in order, so the last one says that all is done.
        run(.presence, Self.presenceKey, [name, "0"]) { [weak self] _ in
            self?.link?.stop()
            done()
        }
    }

    /// By its digest; with its text when the server does not know it yet.
    private func run(
        _ script: LeaseScript, _ key: String, _ arguments: [String], _ completion: @escaping ReplyQueue.Completion
    ) {
        guard let link else {
            return completion(.failure(ClusterFailure(.clusterUnreachable, "there is no connection")))
        }
        let rest = ["1", key] + arguments
        link.send(RESPCommand((["EVALSHA", script.digest] + rest).map { Array($0.utf8) })) { result in
            guard case .failure(let failure) = result, failure.detail.hasPrefix("NOSCRIPT") else {
                return completion(result)
            }
            link.send(RESPCommand((["EVAL", script.text] + rest).map { Array($0.utf8) }), completion)
        }
    }
}
