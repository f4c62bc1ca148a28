import Logging
import SallyportModel
import SallyportPKI
import Synchronization

/// Keeps the certificates by ACME of the running generation alive, one order at a time, for as long as the gateway runs.
///
/// What is in the store counts: a certificate is renewed when it is due, what failed is tried again when its pause is
/// over, and a certificate that ends without successor is taken out of service.
final class ACMERenewal: Sendable {
    private struct State {
        var plans: [ACMEPlan] = []
        var failures = FailureMemory()
        var ordering: ACMEStore.Identifier?
        var info: [ACMEStore.Identifier: Opinion] = [:]
        /// Not before then, whatever anybody says: after a success a server with strange opinions is left in peace.
        var restUntil: [ACMEStore.Identifier: Int64] = [:]
        /// Certificates that have ended and were taken out of service.
        var ended: [ACMEStore.Identifier: [UInt8]] = [:]
        var sleep: Task<Void, Never>?
        var loop: Task<Void, Never>?
        var wasChanged = false
    }

    /// What the server said about a certificate, and when to ask again.
    private struct Opinion {
        var leaf: [UInt8]
        var info: RenewalInfo?
        var askAgainAt: Int64
    }

    private let ordering: ACMEOrdering
    private let logger: Logger
    /// Puts what is in the store into service.
    private let refresh: @Sendable () async -> Void
    private let state = Mutex(State())

    /// Seconds without news from the server's opinion on renewal.
    private static let opinionPause: Int64 = 6 * 3600
    /// Seconds; so that a clock that was set is noticed.
    private static let longestSleep: Int64 = 3600

    init(_ ordering: ACMEOrdering, logger: Logger, refresh: @escaping @Sendable () async -> Void) {
        self.ordering = ordering
        self.logger = logger
        self.refresh = refresh
    }

    // MARK: the gateway's side

    /// The plans of a new generation. Begins with the first one that has any.
    func adopt(_ plans: [ACMEPlan]) {
        let now = ordering.clock()
        state.withLock { state in
            let isChanged = plans.contains { plan in !state.plans.contains { $0.isSame(as: plan) } }
            if isChanged, !state.plans.isEmpty { state.failures.operatorActed(at: now) }
            state.plans = plans
            state.wasChanged = true
            state.sleep?.cancel()
            if state.loop == nil, !plans.isEmpty { state.loop = Task { await self.run() } }
        }
    }

    func stop() {
        state.withLock { state in
            state.loop?.cancel()
            state.sleep?.cancel()
        }
    }

    func status() -> [ACMEStatus] {
        let now = ordering.clock()
        // At one moment: an order that has failed is told as such, not as one under way.
        let (plans, current, failures) = state.withLock { ($0.plans, $0.ordering, $0.failures) }
        return plans.map { plan in
            let leaf = leaf(plan)
            let failure = failures.last(plan.settings.names)
            let due = due(plan, leaf, at: now)
            let name =
                current == plan.identifier ? "ordering" : leaf.map { $0.notAfter < now ? "expired" : "valid" } ?? "waiting"
            return ACMEStatus(
                names: plan.settings.names, directory: plan.settings.directory, state: name, notAfter: leaf?.notAfter,
                nextAttempt: due > 0 ? due : nil, lastError: failure.map { "\($0.code) \($0.words)" })
        }
    }

    // MARK: the loop

    private func run() async {
        do throws(PKIError) {
            try ordering.store.prepare()
            let failures = try ordering.store.failures()
            state.withLock { $0.failures = failures }
        } catch {
            logger.error("ACME state", metadata: ["error": "\(error)"])
        }
        while !Task.isCancelled {
            state.withLock { $0.wasChanged = false }
            let now = ordering.clock()
            let plans = state.withLock { $0.plans }
            var next = now + Self.longestSleep
            for plan in plans where !Task.isCancelled {
                next = min(next, await look(at: plan))
            }
            await sleep(until: next)
        }
    }

    /// Does what is due for one certificate and says when to look again.
    private func look(at plan: ACMEPlan) async -> Int64 {
        let now = ordering.clock()
        let leaf = leaf(plan)
        if let leaf, now <= leaf.notAfter { await askOpinion(plan, leaf, at: now) }
        if due(plan, leaf, at: now) <= now { await order(plan, replacing: leaf) }
        let (after, held) = (ordering.clock(), self.leaf(plan))
        if let held, held.notAfter < after { await takeOutOfService(plan, held) }
        let opinion = state.withLock { $0.info[plan.identifier]?.askAgainAt }
        // The second after its end, to take it out of service.
        let end = held.flatMap { $0.notAfter >= after ? $0.notAfter + 1 : nil }
        return [due(plan, held, at: after), opinion, end].compactMap(\.self).filter { $0 > after }.min() ?? after + 1
    }

    /// Once for each certificate that has ended: the next generation does not find it good any more.
    private func takeOutOfService(_ plan: ACMEPlan, _ leaf: ParsedCertificate) async {
        let isNew = state.withLock { $0.ended.updateValue(leaf.der, forKey: plan.identifier) != leaf.der }
        guard isNew else { return }
        logger.error(
            "certificate from ACME has expired", metadata: ["names": "\(plan.settings.names.joined(separator: ", "))"])
        await refresh()
    }

    private func sleep(until time: Int64) async {
        let seconds = max(1, time - ordering.clock())
        let pause = ordering.pause
        let sleep = Task {
            do { try await pause(seconds) } catch { return }
        }
        let isInterrupted = state.withLock { state in
            state.sleep = sleep
            return state.wasChanged || Task.isCancelled
        }
        if isInterrupted { sleep.cancel() }
        await sleep.value
    }

    // MARK: one certificate

    private func leaf(_ plan: ACMEPlan) -> ParsedCertificate? {
        do throws(PKIError) { return try ordering.store.certificate(plan.identifier)?.chain.first } catch {
            // The builder has told the operator; here it means that there is none.
            return nil
        }
    }

    /// When an order may begin.
    private func due(_ plan: ACMEPlan, _ leaf: ParsedCertificate?, at now: Int64) -> Int64 {
        let (failures, opinion, rest) = state.withLock {
            ($0.failures, $0.info[plan.identifier], $0.restUntil[plan.identifier])
        }
        let retry = failures.retryAt(plan.settings.names) ?? 0
        guard let leaf, now <= leaf.notAfter else { return max(retry, rest ?? 0) }
        let info = opinion?.leaf == leaf.der ? opinion?.info : nil
        return max(RenewalPlan.due(leaf, info), retry, rest ?? 0)
    }

    private func askOpinion(_ plan: ACMEPlan, _ leaf: ParsedCertificate, at now: Int64) async {
        let known = state.withLock { $0.info[plan.identifier] }
        if let known, known.leaf == leaf.der, now < known.askAgainAt { return }
        var opinion = Opinion(leaf: leaf.der, info: nil, askAgainAt: now + Self.opinionPause)
        do throws(ACMEFailure) {
            if let info = try await ordering.renewalInfo(plan.wish, of: leaf) {
                opinion.info = info
                opinion.askAgainAt = info.askAgainAt
            }
        } catch {
            if known?.leaf == leaf.der { opinion.info = known?.info }
            logger.debug("ACME renewal information", metadata: ["error": "\(error)"])
        }
        let found = opinion
        state.withLock { $0.info[plan.identifier] = found }
    }

    private func order(_ plan: ACMEPlan, replacing leaf: ParsedCertificate?) async {
        let names = plan.settings.names
        let shown = names.joined(separator: ", ")
        logger.info("ACME order begins", metadata: ["names": "\(shown)", "directory": "\(plan.settings.directory)"])
        state.withLock { $0.ordering = plan.identifier }
        defer { state.withLock { $0.ordering = nil } }
        var wish = plan.wish
        wish.replaces = leaf.flatMap(RenewalInfo.identifier)
        do throws(ACMEFailure) {
            let credential = try await ordering.obtain(plan, wish: wish)
            succeeded(plan, credential)
            await refresh()
        } catch {
            if Task.isCancelled { return }
            failed(plan, error)
        }
    }

    private func succeeded(_ plan: ACMEPlan, _ credential: CredentialPair) {
        let names = plan.settings.names
        guard let leaf = credential.chain.first else { return }
        let now = ordering.clock()
        state.withLock { state in
            state.failures.succeeded(names)
            state.restUntil[plan.identifier] = now + min(3600, max(1, (leaf.notAfter - now) / 3))
        }
        keepFailures()
        logger.info(
            "certificate issued by ACME",
            metadata: ["names": "\(names.joined(separator: ", "))", "until": "\(CertificateTime.text(leaf.notAfter))"])
    }

    private func failed(_ plan: ACMEPlan, _ failure: ACMEFailure) {
        let names = plan.settings.names
        let now = ordering.clock()
        let share = Double.random(in: 0..<1)
        let retryAt = state.withLock { state in
            state.failures.failed(failure, names, at: now, share: share)
            state.ordering = nil
            return state.failures.retryAt(names)
        }
        keepFailures()
        logger.warning(
            "no certificate from ACME",
            metadata: [
                "names": "\(names.joined(separator: ", "))", "code": "\(failure.reason.name)",
                "reason": "\(failure.reason.title): \(failure.detail)", "fix": "\(failure.reason.fix)",
                "again": "\(CertificateTime.text(retryAt ?? now))",
            ])
    }

    private func keepFailures() {
        let failures = state.withLock { $0.failures }
        do throws(PKIError) { try ordering.store.keep(failures) } catch {
            logger.error("ACME state", metadata: ["error": "\(error)"])
        }
    }
}
