import Logging
import NIOPosix
import SallyportModel
import SallyportPKI
import SallyportStore
import Synchronization

/// The ACME server with its disk, its authority and its view of the network. It outlives generations; each brings its
/// own policy.
///
/// One request is handled at a time, on a thread that may wait for the disk: what it changed is on disk before it is
/// answered. What could not be written is tried again with the next request, and until then nobody gets an answer.
final class ACMEDesk: Sendable {
    private struct State {
        var server: ACMEServer
        var unwritten: [ACMEChange] = []
    }

    private let state: Mutex<State>
    private let store: ServerRecordStore
    private let directory: StateDirectory
    private let logger: Logger
    private let audit: AuditRecorder?
    private let queue: ValidationQueue
    private let revoked: @Sendable () -> Void

    /// - Parameter revoked: called after the authority has withdrawn a certificate.
    init(
        _ directory: StateDirectory, policy: ACMEPolicy, logger: Logger, audit: AuditRecorder? = nil,
        revoked: @escaping @Sendable () -> Void
    ) throws(PKIError) {
        store = try ServerRecordStore(directory)
        state = Mutex(State(server: try store.server(policy: policy)))
        self.directory = directory
        self.logger = logger
        self.audit = audit
        self.revoked = revoked
        queue = ValidationQueue()
    }

    func answer(_ request: ACMERequest, policy: ACMEPolicy, prober: ChallengeProber) async -> ACMEResponse? {
        let outcome: Handled
        do {
            outcome = try await NIOThreadPool.singleton.runIfActive { self.handle(request, policy) }
        } catch {
            return nil
        }
        for validation in outcome.validations { await look(validation, prober) }
        if outcome.hasRevoked { revoked() }
        return outcome.response
    }

    /// What the process before this one was looking at.
    func resume(_ prober: ChallengeProber) async {
        for validation in state.withLock({ $0.server.takeValidations() }) { await look(validation, prober) }
    }

    private struct Handled: Sendable {
        var response: ACMEResponse?
        var validations: [ACMEValidation] = []
        var hasRevoked = false
    }

    private func handle(_ request: ACMERequest, _ policy: ACMEPolicy) -> Handled {
        state.withLock { state in
            let now = UnixTime.seconds()
            state.server.policy = policy
            var handled = Handled()
            switch state.server.handle(request, at: now) {
            case .reply(let response): handled.response = response
            case .issue(let issuance):
                handled.response = state.server.finish(issuance, issue(issuance, at: now), at: now)
            case .revoke(let revocation):
                let result = withdraw(revocation, at: now)
                if case .success(true) = result { handled.hasRevoked = true }
                handled.response = state.server.finish(revocation, result, at: now)
            }
            if !write(&state) { handled.response = nil }
            handled.validations = state.server.takeValidations()
            return handled
        }
    }

    /// False when the disk refused.
    private func write(_ state: inout State) -> Bool {
        state.unwritten += state.server.takeChanges()
        do throws(PKIError) {
            try store.write(state.unwritten)
            state.unwritten = []
            return true
        } catch {
            logger.error("ACME state not written", metadata: ["error": "\(error)"])
            return false
        }
    }

    private func issue(_ issuance: ACMEIssuance, at now: Int64) -> Result<CertifiedKey, PKIError> {
        do throws(PKIError) {
            let certified = try LocalAuthority.openOrCreate(directory, at: now).certify(
                issuance.request, subject: issuance.subject, lifetime: issuance.lifetime, at: now)
            try audit?.recordIssued(certified, to: certified.name, by: "acme")
            logger.info(
                "certificate issued",
                metadata: [
                    "to": "\(certified.name)", "kind": "\(certified.kind.rawValue)",
                    "serial": "\(certified.facts.serial)", "by": "acme",
                ])
            return .success(certified)
        } catch {
            logger.error("certificate not issued", metadata: ["error": "\(error)", "by": "acme"])
            return .failure(error)
        }
    }

    private func withdraw(_ revocation: ACMERevocation, at now: Int64) -> Result<Bool, PKIError> {
        do throws(PKIError) {
            let authority = try LocalAuthority.openOrCreate(directory, at: now)
            let revoked = try authority.revoke(revocation.serial, at: now)
            // Withdrawn it is, recorded or not.
            do throws(PKIError) { try audit?.recordRevoked(revoked, by: "acme") } catch {
                logger.error("revocation not recorded", metadata: ["code": "\(error.reason.name)", "error": "\(error)"])
            }
            return .success(!revoked.isEmpty)
        } catch {
            logger.error("certificate not revoked", metadata: ["error": "\(error)", "by": "acme"])
            return .failure(error)
        }
    }

    // MARK: validations

    private func look(_ validation: ACMEValidation, _ prober: ChallengeProber) async {
        await queue.run(for: validation.externalAccount) { [self] in
            let result = await prober.probe(validation)
            do {
                try await NIOThreadPool.singleton.runIfActive { self.finish(validation, result) }
            } catch {
                logger.debug("challenge given up", metadata: ["name": "\(validation.name)"])
            }
        }
    }

    private func finish(_ validation: ACMEValidation, _ result: Result<Void, ValidationFailure>) {
        if case .failure(let failure) = result {
            logger.warning(
                "challenge failed",
                metadata: [
                    "name": "\(validation.name)", "type": "\(validation.type.rawValue)", "error": "\(failure.words)",
                ])
        }
        state.withLock { state in
            state.server.validated(validation, result, at: UnixTime.seconds())
            _ = write(&state)
        }
    }
}
