import SallyportModel

/// What a connection needs to know of the listener it came through.
final class ListenerRuntime: Sendable {
    /// As in the file; the admin listener has a name that no file can give.
    let name: String
    /// Set for the admin listener, which serves the gateway's own pages and routes nothing.
    let admin: AdminEndpoint?

    /// Set for the metrics listener.
    let metrics: MetricsEndpoint?

    init(name: String, admin: AdminEndpoint? = nil, metrics: MetricsEndpoint? = nil) {
        self.name = name
        self.admin = admin
        self.metrics = metrics
    }

    /// For operators and their monitoring, who have to get in while clients are refused.
    var isForOperators: Bool { admin != nil || metrics != nil }
}
