import SallyportModel

/// The name that a server is asked for: a DNS name or an IP address, checked (RFC 9525).
package struct ServerName: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        /// Lower-case, without trailing dot.
        case dns(String)
        /// 4 or 16 bytes.
        case address([UInt8])
    }
    package let kind: Kind

    /// Nil when the text is neither. Text in the form of an address is never taken for a DNS name.
    package init?(_ text: String) {
        if let bytes = IPAddressText.bytes(text) {
            kind = .address(bytes)
        } else {
            let bytes = Array(text.utf8)
            let name = bytes.last == UInt8(ascii: ".") ? bytes.dropLast() : bytes[...]
            guard let normalized = DomainName.normalized(name, allowsWildcard: false) else { return nil }
            kind = .dns(normalized)
        }
    }

    package var text: String {
        switch kind {
        case .dns(let name): name
        case .address(let bytes): IPAddressText.text(bytes) ?? ""
        }
    }

    /// Whether the certificate bears the name. The common name never counts.
    func matches(_ facts: CertificateFacts) -> Bool {
        switch kind {
        case .dns(let name): facts.dnsNames.contains { Self.pattern($0, matches: name) }
        case .address: facts.addresses.contains(text)
        }
    }

    /// `*` stands for exactly one whole label, and only in front of at least two.
    static func pattern(_ pattern: String, matches name: String) -> Bool {
        guard pattern.hasPrefix("*.") else { return pattern == name }
        let base = pattern.utf8.dropFirst(2)
        guard base.contains(UInt8(ascii: ".")), let dot = name.utf8.firstIndex(of: UInt8(ascii: ".")) else {
            return false
        }
        return dot != name.utf8.startIndex && name.utf8[name.utf8.index(after: dot)...].elementsEqual(base)
    }
}
