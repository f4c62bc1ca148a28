import Logging
import NIOCore
import SallyportBalance
import SallyportConfig
import SallyportHTTP
import SallyportModel
import Synchronization

/// Looks after the upstreams of the generation that serves: looks names up again and asks targets how they are. Once
/// per process, not once per loop; what it finds out stands on each upstream's board.
final class UpstreamKeeper: Sendable {
    private let lookup: any TargetLookup
    private let logger: Logger
    private let tasks = Mutex<[Task<Void, Never>]>([])

    init(lookup: any TargetLookup, logger: Logger) {
        self.lookup = lookup
        self.logger = logger
    }

    /// The plans go into service, and those of before end.
    /// - Parameter worker: whose loop the questions are asked on.
    func adopt(_ plans: some Collection<UpstreamPlan>, on worker: Worker?) {
        stop()
        let now = Nanoseconds.now()
        var begun: [Task<Void, Never>] = []
        for plan in plans {
            plan.enterService(now: now)
            for (target, entry) in zip(plan.upstream.targets, plan.targets) where entry.address == nil {
                begun.append(Task { await self.keepResolved(target.host, of: plan) })
            }
            if let check = plan.upstream.health.check, let worker {
                begun.append(Task { await self.keepAsking(plan, check, on: worker) })
            }
        }
        tasks.withLock { [begun] in $0 = begun }
    }

    func stop() {
        let ended = tasks.withLock { tasks in
            defer { tasks = [] }
            return tasks
        }
        for task in ended { task.cancel() }
    }

    // MARK: names

    private func keepResolved(_ name: String, of plan: UpstreamPlan) async {
        var failed = false
        while !Task.isCancelled {
            do {
                plan.board.resolved(name, try await lookup.addresses(of: name), now: .now())
                failed = false
            } catch {
                if !failed { report(name, of: plan, error) }
                failed = true
            }
            let every = failed ? min(plan.upstream.resolve, .seconds(5)) : plan.upstream.resolve
            guard await Self.pause(every * Double.random(in: 0.9...1.1)) else { return }
        }
    }

    private func report(_ name: String, of plan: UpstreamPlan, _ error: any Error) {
        logger.warning(
            "target name not resolved",
            metadata: [
                "code": "\(Reason.targetNameUnknown.name)", "upstream": "\(plan.upstream.name)", "name": "\(name)",
                "detail": "\(error)",
            ])
    }

    // MARK: questions

    private func keepAsking(_ plan: UpstreamPlan, _ check: HealthCheck, on worker: Worker) async {
        guard let request = HealthProbe.request(path: check.path) else { return }
        var random = SeededRandom(seed: .random(in: .min ... .max))
        while !Task.isCancelled {
            await withTaskGroup(of: Void.self) { group in
                for (endpoint, record) in plan.board.endpoints() {
                    guard let position = plan.position(of: endpoint.key) else { continue }
                    group.addTask {
                        let finding = await Self.ask(plan, endpoint.key, at: position, request, check, on: worker)
                        guard !Task.isCancelled else { return }
                        self.judge(finding, of: record, plan, check)
                    }
                }
            }
            guard await Self.pause(.nanoseconds(ActiveHealth.pause(check, random: &random))) else { return }
        }
    }

    private static func ask(
        _ plan: UpstreamPlan, _ key: EndpointKey, at position: Int, _ request: RequestHead, _ check: HealthCheck,
        on worker: Worker
    ) async -> HealthProbe.Finding {
        let target = plan.targets[position]
        let authority = target.authority ?? Array(target.target.authority.utf8)
        return await withCheckedContinuation { (continuation: CheckedContinuation<HealthProbe.Finding, Never>) in
            worker.eventLoop.execute {
                HealthProbe(plan, key, at: position, on: worker.state.value) { continuation.resume(returning: $0) }
                    .ask(request, authority: authority, timeout: TimeAmount(check.timeout))
            }
        }
    }

    private func judge(_ finding: HealthProbe.Finding, of record: EndpointRecord, _ plan: UpstreamPlan, _ check: HealthCheck) {
        guard let change = record.checked(isGood: finding.isGood(check), check, now: .now()) else { return }
        let metadata: Logger.Metadata = [
            "upstream": "\(plan.upstream.name)", "target": "\(record.key.url)", "address": "\(record.key.address)",
            "finding": "\(finding.words)",
        ]
        switch change {
        case .up: logger.info("target is well again", metadata: metadata)
        case .down:
            logger.warning("target is down", metadata: metadata.merging(["code": "\(Reason.targetDown.name)"]) { $1 })
        }
    }

    /// False: it is over.
    private static func pause(_ length: Duration) async -> Bool {
        do { try await Task.sleep(for: length) } catch { return false }
        return true
    }
}
