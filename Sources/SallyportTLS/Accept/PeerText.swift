import NIOCore

/// The address of a peer for logs.
package enum PeerText {
    /// `192.0.2.1:4711`, `[2001:db8::1]:4711`, or `unix`.
    package static func text(of address: SocketAddress?) -> String {
        guard let address else { return "unknown" }
        guard let ip = address.plainIPAddress, let port = address.port else { return "unix" }
        return ip.contains(":") ? "[\(ip)]:\(port)" : "\(ip):\(port)"
    }
}

extension SocketAddress {
    /// The IP address as text. A socket for both families calls IPv4 peers `::ffff:192.0.2.1` (RFC 4291 section
    /// 2.5.5.2); whoever reads a log or X-Forwarded-For means 192.0.2.1.
    package var plainIPAddress: String? {
        guard let text = ipAddress else { return nil }
        let mapped = "::ffff:"
        return text.hasPrefix(mapped) && text.contains(".") ? String(text.dropFirst(mapped.count)) : text
    }
}
