import Logging
import NIOPosix
import SallyportConfig
import SallyportPKI
import SallyportStore
import Synchronization

/// What issues certificates to workloads: made anew for each generation, over state that outlives them all.
final class IssuingServices: Sendable {
    private let directory: StateDirectory
    private let logger: Logger
    private let audit: AuditRecorder?
    private let renewals = RenewalCount()
    private let desk = Mutex<ACMEDesk?>(nil)
    private let revoked = Mutex<(@Sendable () -> Void)?>(nil)

    init(_ environment: GatewayEnvironment) {
        directory = environment.state
        logger = environment.logger
        audit = environment.audit
    }

    /// - Parameter action: makes a withdrawn certificate useless at once.
    func onRevocation(_ action: @escaping @Sendable () -> Void) { revoked.withLock { $0 = action } }

    /// By listener name.
    /// - Parameter secret: reads a MAC key's text.
    func mounts(
        _ configuration: Configuration, secret: (SecretReference) throws(GatewayError) -> [UInt8]
    ) throws(GatewayError) -> [String: LocalMounts] {
        var mounts: [String: LocalMounts] = [:]
        if let settings = configuration.acme {
            let service = try acme(settings, policy: ACMEPolicy(settings, secret: secret))
            mounts[settings.listener, default: LocalMounts()].add(service, at: settings.path)
        }
        if let settings = configuration.enrolment {
            let service = EnrolmentService(
                settings: settings, directory: directory, logger: logger, audit: audit, renewals: renewals)
            mounts[settings.listener, default: LocalMounts()].add(service, at: settings.path)
        }
        return mounts
    }

    private func acme(_ settings: ACMEServerSettings, policy: ACMEPolicy) throws(GatewayError) -> ACMEService {
        let prober = ChallengeProber(settings: settings.validation, group: MultiThreadedEventLoopGroup.singleton)
        let result = desk.withLock { desk -> Result<ACMEDesk, PKIError> in
            if let desk { return .success(desk) }
            do throws(PKIError) {
                let opened = try ACMEDesk(directory, policy: policy, logger: logger, audit: audit) { [weak self] in
                    self?.hasRevoked()
                }
                desk = opened
                Task { await opened.resume(prober) }
                return .success(opened)
            } catch {
                return .failure(error)
            }
        }
        do throws(PKIError) {
            return ACMEService(desk: try result.get(), policy: policy, prober: prober)
        } catch {
            throw .certificates(error)
        }
    }

    private func hasRevoked() { revoked.withLock { $0 }?() }
}
