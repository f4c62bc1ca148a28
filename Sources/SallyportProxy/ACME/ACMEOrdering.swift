import Logging
import SallyportModel
import SallyportPKI
import SallyportTLS

/// Carries out what the state machine of an order decides: sends, waits, stores, publishes.
struct ACMEOrdering: Sendable {
    let store: ACMEStore
    let fetcher: any DocumentFetcher
    let challenges: PendingChallenges
    let logger: Logger
    /// Seconds since 1970.
    var clock: @Sendable () -> Int64 = UnixTime.seconds
    var pause: @Sendable (Int64) async throws -> Void = { try await Task.sleep(for: .seconds($0)) }

    /// A new certificate, which is in the store when this returns.
    ///
    /// An order that the network interrupts is gone on with next time; one that the server refused is forgotten.
    func obtain(_ plan: ACMEPlan, wish: ACMEWish) async throws(ACMEFailure) -> CredentialPair {
        var run = try local { () throws(PKIError) in try Run(plan, wish, store) }
        defer { challenges.withdraw(run.published) }
        var action = run.machine.begin()
        while true {
            switch action {
            case .finished(let credential):
                try local { () throws(PKIError) in
                    try store.keep(credential, as: plan.identifier)
                    try store.forgetOrder(plan.identifier)
                }
                return credential
            case .failed(let failure):
                if !failure.isOfTheNetwork {
                    try local { () throws(PKIError) in try store.forgetOrder(plan.identifier) }
                }
                throw failure
            case .send(let request): action = run.machine.handle(await answer(request), at: clock())
            case .wait, .remember, .prove:
                try await carryOut(action, &run)
                action = run.machine.handle(.carriedOut, at: clock())
            }
        }
    }

    /// One order under way.
    private struct Run {
        let plan: ACMEPlan
        let keyID: String?
        var account: ACMEStore.Account
        var order: ACMEStore.Order
        var machine: ACMEOrderMachine
        var published: [ChallengeProof] = []

        init(_ plan: ACMEPlan, _ wish: ACMEWish, _ store: ACMEStore) throws(PKIError) {
            self.plan = plan
            keyID = wish.externalAccount?.keyID
            account = try store.account(directory: plan.settings.directory, keyID: keyID)
            order = try store.order(plan.identifier)
            machine = try ACMEOrderMachine(
                wish, signer: account.signer, key: order.key, resuming: .init(account: account.url, order: order.url))
        }
    }

    private func carryOut(_ action: ACMEOrderMachine.Action, _ run: inout Run) async throws(ACMEFailure) {
        switch action {
        case .wait(let seconds):
            do { try await pause(seconds) } catch { throw ACMEFailure(.fetchCancelled, "the gateway stops") }
        case .remember(let progress):
            (run.account.url, run.order.url) = (progress.account, progress.order)
            try local { () throws(PKIError) in
                try store.keep(run.account, directory: run.plan.settings.directory, keyID: run.keyID)
                try store.keep(run.order, as: run.plan.identifier)
            }
        case .prove(let proofs):
            run.published += proofs
            try local { () throws(PKIError) in try challenges.publish(proofs, at: clock()) }
            for proof in proofs {
                logger.info(
                    "ACME challenge ready", metadata: ["name": "\(proof.name)", "challenge": "\(proof.kind.rawValue)"])
            }
        case .send, .finished, .failed: return
        }
    }

    /// When the server would like this certificate to be renewed; nil when it has no opinion.
    func renewalInfo(_ wish: ACMEWish, of leaf: ParsedCertificate) async throws(ACMEFailure) -> RenewalInfo? {
        let bounds = FetchBounds(content: 64 << 10)
        let answer = try await get(FetchRequest(.get, wish.directory, trust: wish.trust, bounds: bounds))
        let directory = try ACMEDirectory(parsing: answer.body, from: wish.directory)
        guard let url = RenewalInfo.url(directory, leaf) else { return nil }
        return try RenewalInfo(
            try await get(FetchRequest(.get, url, trust: wish.trust, bounds: bounds)), at: clock())
    }

    private func answer(_ request: FetchRequest) async -> ACMEOrderMachine.Event {
        do throws(FetchFailure) { return .answered(try await fetcher.fetch(request)) } catch {
            return .unreachable(error)
        }
    }

    private func get(_ request: FetchRequest) async throws(ACMEFailure) -> FetchResponse {
        do throws(FetchFailure) { return try await fetcher.fetch(request) } catch {
            throw ACMEFailure(error.reason, "\(error.url): \(error.detail)")
        }
    }

    private func local<Value>(_ work: () throws(PKIError) -> Value) throws(ACMEFailure) -> Value {
        do throws(PKIError) { return try work() } catch {
            throw ACMEFailure(error.reason, "\(error.subject): \(error.detail)")
        }
    }
}

extension ACMEFailure {
    /// The server has not refused anything: it was not heard of.
    fileprivate var isOfTheNetwork: Bool {
        [.fetchUnreachable, .fetchTimedOut, .fetchTLSFailed, .fetchCancelled, .fetchMalformed].contains(reason)
    }
}
