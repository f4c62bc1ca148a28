import SallyportConfig
import SallyportHTTP
import SallyportModel
import Synchronization

/// The admin listener's answers: what `sallyport status --json` prints, for the identities in `admin.admins`.
final class AdminEndpoint: Sendable {
    /// The name of its listener; `:` can't stand in a name of the file.
    static let listenerName = "sallyport:admin"

    private struct State {
        var admins: Set<String> = []
        var status: @Sendable () -> [UInt8] = { [] }
    }

    private let state = Mutex(State())

    enum Answer {
        case refused(LocalReply)
        case json([UInt8])
    }

    func adopt(admins: [String]) {
        state.withLock { $0.admins = Set(admins) }
    }

    /// - Parameter status: gives a JSON document.
    func show(status: @escaping @Sendable () -> [UInt8]) {
        state.withLock { $0.status = status }
    }

    func answer(path: String, method: Method, identity: Identity?) -> Answer {
        guard let identity else { return .refused(LocalReply(.identityRequired)) }
        let state = state.withLock { $0 }
        guard identity.names.contains(where: state.admins.contains) else {
            return .refused(LocalReply(.identityNotAllowed))
        }
        guard method == .get || method == .head else {
            return .refused(LocalReply(.methodNotAllowed, fields: [("allow", "GET, HEAD")]))
        }
        return path == "/status" ? .json(state.status()) : .refused(LocalReply(.noRoute))
    }
}
