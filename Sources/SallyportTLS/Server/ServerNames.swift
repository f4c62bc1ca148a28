/// The names a server certificate is good for, to compare with the server name of a ClientHello (RFC 9525 section 6.3).
struct ServerNames: Sendable {
    private let exact: Set<String>
    /// `example.org` for `*.example.org`.
    private let wildcards: Set<Substring>

    /// - Parameter dnsNames: the DNS names of the certificate, lower-case.
    init(_ dnsNames: [String]) {
        exact = Set(dnsNames.filter { !$0.hasPrefix("*.") })
        wildcards = Set(dnsNames.filter { $0.hasPrefix("*.") }.map { $0.dropFirst(2) })
    }

    /// A wildcard stands for exactly one label.
    func contains(_ name: String) -> Bool {
        if exact.contains(name) { return true }
        guard let dot = name.firstIndex(of: "."), dot != name.startIndex else { return false }
        return wildcards.contains(name[name.index(after: dot)...])
    }
}
