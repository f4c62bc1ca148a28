import SallyportHTTP
import SallyportModel

/// Something that the gateway answers itself, outside of the routes: its state, ACME, enrolment.
///
/// It meets whole requests and gives whole answers, both bounded, and may take its time; what carries it (reading,
/// deadlines, back-pressure, the access log) is the exchange's. Whether the one who asks may do so is the service's own
/// decision: no `allow` stands in front of it.
protocol LocalService: Sendable {
    /// Content of a request, bytes; more is refused with 413.
    var mostContent: Int { get }
    func answer(_ request: LocalRequest) async -> LocalAnswer
}

struct LocalRequest: Sendable {
    let method: Method
    /// Normalised. What a mount takes away from its front is gone; it begins with a slash, or is empty.
    let path: String
    /// What was taken away: `/acme`.
    let mount: String
    /// `host[:port]`, as the client named the gateway.
    let authority: String
    /// As sent, one of each at most; nil as well for one that came twice.
    let contentType: String?
    let authorization: String?
    /// From the handshake, checked again under this generation.
    let identity: Identity?
    let body: [UInt8]
}

enum LocalAnswer: Sendable {
    /// The gateway's own kind of problem.
    case refused(LocalReply)
    case content(LocalContent)
}

struct LocalContent: Sendable {
    var status: UInt16 = 200
    /// Names in lower case; without content type, length and date.
    var fields: [(name: String, value: String)] = []
    var contentType: String?
    var body: [UInt8] = []
    /// Why it is a refusal, for the access log.
    var reason: Reason?
}

/// Which service answers for a path on one listener.
struct LocalMounts: Sendable {
    private var mounts: [(path: String, service: any LocalService)] = []

    init() {}

    /// - Parameter path: without trailing slash; empty for everything.
    mutating func add(_ service: any LocalService, at path: String) { mounts.append((path, service)) }

    /// The service for a normalised path: the mount's own, or one below it.
    func find(_ path: some Collection<UInt8>) -> LocalMount? {
        for (mount, service) in mounts {
            guard path.starts(with: mount.utf8) else { continue }
            let rest = path.dropFirst(mount.utf8.count)
            guard rest.isEmpty || rest.first == UInt8(ascii: "/") else { continue }
            return LocalMount(service: service, path: mount, rest: String(decoding: rest, as: UTF8.self))
        }
        return nil
    }
}

/// A service that was found for a request.
struct LocalMount {
    let service: any LocalService
    let path: String
    /// The path behind the mount.
    let rest: String
}
