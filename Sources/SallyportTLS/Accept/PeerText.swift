import NIOCore

/// The address of a peer for logs.
enum PeerText {
    /// `192.0.2.1:4711`, `[2001:db8::1]:4711`, or `unix`.
    static func text(of address: SocketAddress?) -> String {
        guard let address else { return "unknown" }
        guard let ip = address.ipAddress, let port = address.port else { return "unix" }
        return ip.contains(":") ? "[\(ip)]:\(port)" : "\(ip):\(port)"
    }
}
