import SallyportConfig
import SallyportHTTP
import SallyportModel
import Synchronization

/// The admin listener's answers: what `sallyport status --json` prints, for the identities in `admin.admins`.
final class AdminEndpoint: LocalService {
    /// The name of its listener; `:` can't stand in a name of the file.
    static let listenerName = "sallyport:admin"

    private struct State {
        var admins: Set<String> = []
        var status: @Sendable () -> [UInt8] = { [] }
    }

    private let state = Mutex(State())

    /// Nothing that it answers has content.
    let mostContent = 0

    func adopt(admins: [String]) {
        state.withLock { $0.admins = Set(admins) }
    }

    /// - Parameter status: gives a JSON document.
    func show(status: @escaping @Sendable () -> [UInt8]) {
        state.withLock { $0.status = status }
    }

    func answer(_ request: LocalRequest) async -> LocalAnswer {
        guard let identity = request.identity else { return .refused(LocalReply(.identityRequired)) }
        let state = state.withLock { $0 }
        guard identity.names.contains(where: state.admins.contains) else {
            return .refused(LocalReply(.identityNotAllowed))
        }
        guard request.method == .get || request.method == .head else {
            return .refused(LocalReply(.methodNotAllowed, fields: [("allow", "GET, HEAD")]))
        }
        guard request.path == "/status" else { return .refused(LocalReply(.noRoute)) }
        return .content(
            LocalContent(
                fields: [("cache-control", "no-store")], contentType: "application/json", body: state.status()))
    }
}
