import FoundationEssentials
import SallyportEdge
import SallyportTLS

/// What `sallyport status --json` prints. Times are seconds since 1970.
package struct GatewayStatus: Sendable, Encodable {
    package var generation: Int
    package var startedAt: Int64
    package var loadedAt: Int64
    package var lastReload: Reload
    /// Of the operating system.
    package var process: Int
    /// Whether new connections are welcome.
    package var ready: Bool
    package var draining: Bool
    package var listeners: [Listener]
    package var connections: Int
    package var requests: Int
    package var handshakes: Int
    package var refusedHandshakes: Int
    /// By reason, the most frequent first.
    package var refusals: [RefusalCount]
    /// The newest ones that can be explained, newest first.
    package var latestRefusals: [LatestRefusal]
    /// Connections of the newest good handshakes that can be explained, newest first.
    package var sampledHandshakes: [String]
    /// By name.
    package var upstreams: [UpstreamStatus]
    package var certificates: [ServedCertificate]
    /// Every certificate and authority in use.
    package var lifetimes: [LifetimeStatus]
    package var revocation: RevocationStatus
    package var acme: [ACMEStatus]
    package var acceptedRisks: [Risk]
    package var edge: Edge
    package var limits: [Limit]
    package var callers: Callers
    /// Nil: the gateway is by itself.
    package var cluster: Cluster?
    /// Requests of each of the last seconds, the oldest first.
    package var requestRates: [Int] = []
    /// The busiest first.
    package var routes: [RouteLoad] = []
    /// One for each listener that has seen a client; `Gateway.observedClients` fills it.
    package var observedClients: [ObservedClientsReport] = []

    /// How the newest attempt to load a configuration ended.
    package struct Reload: Sendable, Encodable {
        package var succeeded: Bool
        package var at: Int64
        /// In words, when it failed.
        package var message: String?
    }

    package struct Listener: Sendable, Encodable {
        package var name: String
        /// `host:port` that is bound.
        package var address: String
        /// `https`, `http` (redirect only) or `admin`.
        package var kind: String
    }

    /// What the gateway takes on, and what it refused at the door.
    package struct Edge: Sendable, Encodable {
        package var connections: Int
        package var connectionLimit: Int
        package var openFiles: Int
        package var openFileLimit: Int
        /// Bytes.
        package var memoryUsed: Int
        package var memoryBudget: Int
        /// In words.
        package var memoryStep: String
        /// 0 is nothing; more is worse.
        package var memoryStepNumber: Int
        package var waitingRequests: Int
        package var refused: [RefusalCount]
        package var bans: Bans
    }

    /// How many there are; `sallyport ban list` says which.
    package struct Bans: Sendable, Encodable {
        package var manual: Int
        package var automatic: Int

        init(_ bans: [Ban]) {
            manual = bans.count { $0.source == .manual }
            automatic = bans.count - manual
        }
    }

    package struct RefusalCount: Sendable, Encodable {
        package var code: String
        package var title: String
        package var count: Int
    }

    /// `sallyport explain CONNECTION` says more.
    package struct LatestRefusal: Sendable, Encodable {
        package var connection: String
        package var at: Int64
        package var code: String
        package var title: String
        package var listener: String
        package var peer: String
        /// Of the client's certificate, when one was presented and could be read.
        package var subject: String?
    }

    package struct Risk: Sendable, Encodable {
        package var path: String
        package var what: String
        package var because: String
    }
}

extension GatewayStatus {
    /// One JSON object, keys sorted.
    package func json() -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        // Integers, strings and booleans only: there is nothing in it that could fail to encode.
        do { return [UInt8](try encoder.encode(self)) } catch { return Array("{}".utf8) }
    }
}
