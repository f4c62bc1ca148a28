import Logging
import SallyportConfig
import SallyportModel
import SallyportPKI
import SallyportStore
import SallyportTelemetry

/// What a gateway needs besides its configuration. It outlives every generation.
package struct GatewayEnvironment: Sendable {
    package var state: StateDirectory
    package var secrets: SecretReader
    /// Worker threads, each with an event loop; at least 1.
    package var threads: Int
    package var logger: Logger
    /// Listening sockets that are there already.
    package var inherited: [InheritedSocket]
    /// Of the program, for metrics and traces.
    package var version = "unknown"
    /// Of this process, for traces.
    let instance = RequestID.random().description
    /// Where decisions are recorded; nil: nowhere, as in tests.
    package var audit: AuditRecorder?
    /// Looks the names of targets up.
    package var lookup: any TargetLookup = SystemLookup()

    package init(
        state: StateDirectory, secrets: SecretReader, threads: Int, logger: Logger, inherited: [InheritedSocket] = [],
        audit: AuditRecorder? = nil
    ) {
        self.audit = audit
        self.inherited = inherited
        self.state = state
        self.secrets = secrets
        self.threads = threads
        self.logger = logger
    }
}

/// Why a configuration that was found good cannot be served. The generation before it goes on.
package enum GatewayError: Error, CustomStringConvertible {
    case certificates(PKIError)
    /// Those that were in force before.
    case bans(PKIError)
    case secret(SecretError)
    /// `what` is the listener, `detail` the system's words.
    case address(listener: String, address: String, detail: String)
    case accessLog(String)
    /// A socket that was passed fits no listener.
    case socket(String)

    package var reason: Reason {
        switch self {
        case .certificates(let error), .bans(let error): error.reason
        case .secret: .internalError
        case .address: .addressNotBound
        case .accessLog: .accessLogNotOpened
        case .socket: .socketNotWanted
        }
    }

    package var description: String {
        switch self {
        case .certificates(let error):
            error.description
        case .bans(let error):
            "\(error.reason.name): \(error.subject): \(error.detail). Fix: \(error.reason.fix)"
        case .secret(let error):
            "a secret cannot be read: \(error.words)"
        case .address(let listener, let address, let detail):
            "\(reason.name): listener \(listener) cannot listen on \(address): \(detail). Fix: \(reason.fix)"
        case .socket(let detail):
            "\(reason.name): \(detail). Fix: \(reason.fix)"
        case .accessLog(let detail):
            "\(reason.name): \(detail)"
        }
    }
}
