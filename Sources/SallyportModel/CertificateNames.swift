/// The names a server certificate is good for (RFC 9525 §6.3): only subject alternative names count.
package struct CertificateNames: Sendable, Hashable {
    private let exact: Set<String>
    /// `example.org` for `*.example.org`.
    private let wildcards: Set<Substring>

    /// - Parameter names: DNS names, `*.` and a DNS name, and IP addresses without brackets; lower-case.
    package init(_ names: some Sequence<String>) {
        exact = Set(names.lazy.filter { !$0.hasPrefix("*.") })
        wildcards = Set(names.lazy.filter { $0.hasPrefix("*.") }.map { $0.dropFirst(2) })
    }

    package init(_ facts: CertificateFacts) {
        self.init(facts.dnsNames + facts.addresses)
    }

    /// Whether the certificate bears the host. A wildcard stands for exactly one whole label, never for part of an
    /// address.
    ///
    /// - Parameter host: Lower-case, without trailing dot; an IPv6 address in brackets, in the spelling of RFC 5952.
    package func cover(_ host: String) -> Bool {
        if host.hasPrefix("[") { return host.hasSuffix("]") && exact.contains(String(host.dropFirst().dropLast())) }
        if exact.contains(host) { return true }
        guard let dot = host.firstIndex(of: "."), dot != host.startIndex, host.utf8.last.map(isDigit) == false else {
            return false
        }
        return wildcards.contains(host[host.index(after: dot)...])
    }

    /// A last label with a digit at its end is that of an address or of no name in the DNS (RFC 3696 §2).
    private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    /// Whether the certificate bears some host of the form LABEL`.suffix`.
    package func coverSome(under suffix: String) -> Bool {
        wildcards.contains(suffix[...])
            || exact.contains { name in
                guard let dot = name.firstIndex(of: "."), dot != name.startIndex else { return false }
                return name[name.index(after: dot)...] == suffix
            }
    }
}
