import SallyportModel

/// What a connection needs to know of the listener it came through.
final class ListenerRuntime: Sendable {
    /// As in the file; the admin listener has a name that no file can give.
    let name: String
    /// Set for the admin listener, which serves the gateway's own pages and routes nothing.
    let admin: AdminEndpoint?

    init(name: String, admin: AdminEndpoint? = nil) {
        self.name = name
        self.admin = admin
    }
}
