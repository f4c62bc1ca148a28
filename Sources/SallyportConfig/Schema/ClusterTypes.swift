import SallyportModel

/// `valkeys://state.internal:6379`
struct ClusterAddress: Sendable, Hashable {
    var isSecured: Bool
    /// A name or an IP address without brackets.
    var host: String
    var port: UInt16

    static let standardPort: UInt16 = 6379

    /// Nothing that is said leaves this machine.
    var isLocal: Bool { ["localhost", "127.0.0.1", "::1"].contains(host) }

    var authority: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }
    var text: String { (isSecured ? "valkeys" : "valkey") + "://" + authority }

    private static let form = "valkeys://HOST[:PORT], or valkey://HOST[:PORT] without TLS"
    private static let schemes: [(prefix: String, isSecured: Bool)] = [
        ("valkeys://", true), ("rediss://", true), ("valkey://", false), ("redis://", false),
    ]

    init(parsing text: String) throws(ValueError) {
        guard let scheme = Self.schemes.first(where: { text.lowercased().hasPrefix($0.prefix) }) else {
            throw Self.malformed("\"\(text)\" is no valkey or redis URL")
        }
        var rest = text.dropFirst(scheme.prefix.count)
        // The text may be a password, and is not repeated.
        if rest.contains("@") {
            throw Self.malformed("the URL has a user name or password in it", help: ["use `username` and `password`"])
        }
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        if rest.contains("/") || rest.contains("?") || rest.contains("#") {
            throw Self.malformed("the URL has more than a host and a port")
        }
        isSecured = scheme.isSecured
        (host, port) = try Self.split(rest)
    }

    private static func split(_ authority: Substring) throws(ValueError) -> (String, UInt16) {
        if authority.hasPrefix("["), let bracket = authority.lastIndex(of: "]") {
            let host = String(authority[..<bracket].dropFirst())
            let rest = authority[authority.index(after: bracket)...]
            guard HostText.isIPv6(host), rest.isEmpty || rest.hasPrefix(":") else {
                throw malformed("\"\(authority)\" is no IPv6 address in brackets")
            }
            return (host.lowercased(), rest.isEmpty ? standardPort : try PortText.parse(rest.dropFirst()))
        }
        let parts = authority.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let host = String(parts.first ?? "").lowercased()
        guard HostText.isIPv4(host) || HostText.isName(host) else {
            throw malformed("\"\(host)\" is neither an IP address nor a host name")
        }
        return (host, parts.count == 2 ? try PortText.parse(parts[1]) : standardPort)
    }

    private static func malformed(_ message: String, help: [String] = []) -> ValueError {
        ValueError(reason: .clusterAddressMalformed, message: message, label: form, help: help)
    }
}

extension ValueType<ClusterAddress> {
    static func clusterAddress() -> ValueType {
        .scalar(clusterAddressShape, text: \.text) { text throws(ValueError) in try ClusterAddress(parsing: text) }
    }

    fileprivate static var clusterAddressShape: ScalarShape {
        ScalarShape(
            words: "a URL such as valkeys://state.internal:6379",
            pattern: "(valkeys?|rediss?)://[^/?#@]+/?", examples: ["\"valkeys://state.internal:6379\""])
    }
}

extension ValueType<ClusterServerDraft> {
    /// A URL, or a mapping with the URL and more about the server.
    static func clusterServer() -> ValueType {
        let plain = ValueType<ClusterAddress>.clusterAddress()
        let record = ClusterServerSection.type
        let shape = ValueType<ClusterAddress>.clusterAddressShape
        return ValueType(shape: .either(shape, record.shape)) { node, path, session in
            if case .mapping = node.content { return record.decode(node, path, session) }
            return plain.decode(node, path, session).map { ClusterServerDraft(address: $0) }
        } text: {
            $0.address.text
        }
    }
}
