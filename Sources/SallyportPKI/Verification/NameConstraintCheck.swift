import SallyportModel

/// Compares the names of a certificate with the constraints of an authority above it (RFC 5280 section 4.2.1.10).
///
/// A name that cannot be compared counts as forbidden wherever a constraint of its kind exists.
struct NameConstraintCheck {
    private let names: [ComparableName]

    /// Every name of the certificate: subject, alternative names, and e-mail addresses that stand in the subject only.
    init(_ certificate: ParsedCertificate) {
        var names = (certificate.extensions.alternativeNames ?? []).map(ComparableName.init)
        if let subject = Self.subject(of: certificate) {
            if !subject.isEmpty { names.append(.directory(CanonicalName(subject))) }
            if !names.contains(where: \.isMailbox) {
                for attribute in subject.attributes where attribute.type == RawDistinguishedName.Attribute.emailAddress
                {
                    names.append(.mailbox(AlternativeName.mailbox(attribute.value)))
                }
            }
        } else {
            names.append(.directory(nil))
        }
        self.names = names
    }

    var count: Int { names.count }

    /// The first name that the constraints forbid, in words; nil when all are allowed.
    func violation(of constraints: NameConstraintSubtrees) -> String? {
        for name in names {
            if constraints.excluded.contains(where: { name.isExcluded(by: $0) }) { return "\(name) is excluded" }
            let relevant = constraints.permitted.filter { name.isOfKind($0) }
            if !relevant.isEmpty, !relevant.contains(where: { name.isPermitted(by: $0) }) {
                return "\(name) is not among the permitted"
            }
        }
        return nil
    }

    private static func subject(of certificate: ParsedCertificate) -> RawDistinguishedName? {
        do {
            return try RawDistinguishedName(der: certificate.envelope.subject[...])
        } catch {
            return nil
        }
    }
}

/// A name ready for comparison; a nil inside is a name of that kind that could not be read.
enum ComparableName: CustomStringConvertible {
    case dns(String?)
    case address([UInt8]?)
    case mailbox(String?)
    /// The host of a URI. A URI without a host name cannot be compared.
    case uriHost(String?)
    case directory(CanonicalName?)
    case other(tag: UInt8)

    init(_ name: AlternativeName) {
        switch name {
        case .dns(let bytes): self = .dns(DomainName.normalized(bytes, allowsWildcard: true))
        case .address(let bytes): self = .address([4, 16].contains(bytes.count) ? bytes : nil)
        case .email(let bytes): self = .mailbox(AlternativeName.mailbox(bytes))
        case .uri(let bytes): self = .uriHost(Self.host(of: bytes))
        case .directory(let name): self = .directory(CanonicalName(name))
        case .other(let tag): self = .other(tag: tag)
        }
    }

    var isMailbox: Bool {
        if case .mailbox = self { true } else { false }
    }

    var description: String {
        switch self {
        case .dns(let name): "DNS name \(name ?? "that is none")"
        case .address(let bytes): "IP address \(bytes.flatMap(IPAddressText.text) ?? "that is none")"
        case .mailbox(let name): "e-mail address \(name ?? "that is none")"
        case .uriHost(let host): "URI host \(host ?? "that is no name")"
        case .directory: "directory name"
        case .other: "name of another kind"
        }
    }

    func isOfKind(_ subtree: NameSubtree) -> Bool {
        switch (self, subtree) {
        case (.dns, .dns), (.address, .address), (.mailbox, .mailbox), (.mailbox, .mailHost), (.uriHost, .uriHost),
            (.directory, .directory):
            true
        case (.other(let tag), .unsupported(let constrained)): tag == constrained
        default: false
        }
    }

    func isPermitted(by subtree: NameSubtree) -> Bool {
        switch (self, subtree) {
        case (.dns(let name?), .dns(let base)): Self.domain(name.withoutWildcard, isWithin: base)
        default: matches(subtree)
        }
    }

    /// A wildcard name is excluded when one of the names it stands for is; a name that could not be read, always.
    func isExcluded(by subtree: NameSubtree) -> Bool {
        guard isOfKind(subtree) else { return false }
        switch (self, subtree) {
        case (.dns(nil), _), (.address(nil), _), (.mailbox(nil), _), (.uriHost(nil), _), (.directory(nil), _),
            (.other, _):
            return true
        case (.dns(let name?), .dns(let base)):
            let isWildcard = name.hasPrefix("*.")
            return Self.domain(name.withoutWildcard, isWithin: base)
                || isWildcard && Self.domain(base, isWithin: name.withoutWildcard)
        default: return matches(subtree)
        }
    }

    private func matches(_ subtree: NameSubtree) -> Bool {
        switch (self, subtree) {
        case (.address(let bytes?), .address(let network, let mask)):
            bytes.count == network.count
                && zip(bytes, zip(network, mask)).allSatisfy { $0 & $1.1 == $1.0 & $1.1 }
        case (.mailbox(let name?), .mailbox(let allowed)): name == allowed
        case (.mailbox(let name?), .mailHost(let host)): host.contains(name.afterLast("@"))
        case (.uriHost(let name?), .uriHost(let host)): host.contains(name)
        case (.directory(let name?), .directory(let base)): base.isPrefix(of: name)
        default: false
        }
    }

    private static func domain(_ name: String, isWithin base: String) -> Bool {
        base.isEmpty || name == base || name.hasSuffix("." + base)
    }

    /// RFC 5280: the constraint applies to the host part, which must be a fully qualified name, not an address.
    private static func host(of uri: [UInt8]) -> String? {
        guard let text = AlternativeName.uniformResourceIdentifier(uri),
            let start = text.utf8.firstIndex(of: UInt8(ascii: ":"))
        else { return nil }
        let rest = text.utf8[text.utf8.index(after: start)...]
        guard rest.starts(with: "//".utf8) else { return nil }
        let authority = rest.dropFirst(2).prefix { !"/?#".utf8.contains($0) }
        let hostAndPort =
            authority.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false).last ?? authority
        let host = hostAndPort.prefix { $0 != UInt8(ascii: ":") }
        return DomainName.normalized(host, allowsWildcard: false)
    }
}

extension String {
    fileprivate var withoutWildcard: String { hasPrefix("*.") ? String(dropFirst(2)) : self }
    fileprivate func afterLast(_ separator: Character) -> String {
        lastIndex(of: separator).map { String(self[index(after: $0)...]) } ?? self
    }
}
