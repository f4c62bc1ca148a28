import Logging
import NIOCore
import SallyportCluster
import SallyportConfig
import SallyportLimits
import SallyportModel
import Synchronization

/// This gateway's part in a cluster. Generations with the same server share it.
final class ClusterMembership: Sendable {
    private let store: ClusterStore
    private let target: ClusterTarget
    private let logger: Logger
    private let client = Mutex<ClusterClient?>(nil)
    private let lastFailure = Mutex<ClusterFailure?>(nil)

    init(_ store: ClusterStore, _ target: ClusterTarget, logger: Logger) {
        self.store = store
        self.target = target
        self.logger = logger
    }

    /// Whether it can go on under other settings.
    func isSame(as store: ClusterStore, _ target: ClusterTarget) -> Bool {
        self.store == store && self.target.hasSameSecrets(as: target)
    }

    /// Once; nothing is shared before.
    func start(on loop: any EventLoop) {
        client.withLock { client in
            guard client == nil else { return }
            let new = ClusterClient(target, on: loop) { [weak self] in self?.report($0) }
            new.start()
            client = new
        }
    }

    var view: ClusterView { client.withLock { $0 }?.view ?? .unreachable }

    func ask(_ request: LeaseRequest) {
        if let client = client.withLock({ $0 }) { return client.ask(request) }
        request.limiter.leases?.receive(
            nil, to: request.question, for: request.key, now: NIODeadline.now().uptimeNanoseconds)
    }

    func leave(_ limiters: [Limiter]) async { await client.withLock { $0 }?.leave(limiters) }

    /// Each change is said once; what is tried again and again with the same outcome is not.
    private func report(_ result: Result<Void, ClusterFailure>) {
        let failure: ClusterFailure? = if case .failure(let failure) = result { failure } else { nil }
        let isNews = lastFailure.withLock { last in
            defer { last = failure }
            return failure == nil || last != failure
        }
        guard isNews else { return }
        let place: Logger.Metadata = ["server": "\(store.authority)", "gateways": "\(view.gateways)"]
        guard let failure else { return logger.info("shared counters in use", metadata: place) }
        logger.warning(
            "shared counters not in use",
            metadata: place.merging([
                "code": "\(failure.reason.name)", "detail": "\(failure.detail)", "fix": "\(failure.reason.fix)",
            ]) { $1 })
    }

    var status: GatewayStatus.Cluster {
        let view = view
        return GatewayStatus.Cluster(
            server: store.authority, reachable: view.isReachable, gateways: view.gateways,
            failure: view.isReachable ? nil : lastFailure.withLock { $0 }.map { "\($0.reason.name) \($0.detail)" })
    }
}
