/// A nameConstraints extension (RFC 5280 section 4.2.1.10), every subtree checked when it is read.
struct NameConstraintSubtrees: Sendable {
    let permitted: [NameSubtree]
    let excluded: [NameSubtree]

    /// - Throws: for a subtree that is not well-formed, for minimum and maximum, and when both lists are missing.
    init(der: ArraySlice<UInt8>) throws(DERFailure) {
        var fields = try DERCursor.only(der, tag: DERTag.sequence).children
        permitted = try Self.subtrees(fields.nextIfPresent(tag: 0xa0))
        excluded = try Self.subtrees(fields.nextIfPresent(tag: 0xa1))
        guard fields.isAtEnd, !permitted.isEmpty || !excluded.isEmpty else { throw DERFailure() }
    }

    private static func subtrees(_ list: DERElement?) throws(DERFailure) -> [NameSubtree] {
        guard let list else { return [] }
        var members = list.children
        var subtrees: [NameSubtree] = []
        while !members.isAtEnd {
            var fields = try members.next(tag: DERTag.sequence).children
            subtrees.append(try NameSubtree(base: AlternativeName(fields.next())))
            guard fields.isAtEnd else { throw DERFailure() }
        }
        guard !subtrees.isEmpty else { throw DERFailure() }
        return subtrees
    }
}

/// One tree of names.
enum NameSubtree: Sendable, Hashable {
    /// Lower-case; empty is every name.
    case dns(String)
    case address(network: [UInt8], mask: [UInt8])
    case mailbox(String)
    case mailHost(HostSubtree)
    case uriHost(HostSubtree)
    case directory(CanonicalName)
    /// A form that is not compared; a certificate that has a name of it is refused.
    case unsupported(tag: UInt8)

    init(base: AlternativeName) throws(DERFailure) {
        switch base {
        case .dns(let bytes):
            guard let name = bytes.isEmpty ? "" : DomainName.normalized(bytes, allowsWildcard: false)
            else { throw DERFailure() }
            self = .dns(name)
        case .address(let bytes): self = try Self.network(bytes)
        case .email(let bytes): self = try Self.mail(bytes)
        case .uri(let bytes): self = .uriHost(try HostSubtree(bytes))
        case .directory(let name):
            guard let canonical = CanonicalName(name) else { throw DERFailure() }
            self = .directory(canonical)
        case .other(let tag): self = .unsupported(tag: tag)
        }
    }

    private static func network(_ bytes: [UInt8]) throws(DERFailure) -> NameSubtree {
        guard bytes.count == 8 || bytes.count == 32 else { throw DERFailure() }
        let mask = Array(bytes[(bytes.count / 2)...])
        let ones = mask.reduce(0) { $0 + $1.nonzeroBitCount }
        let leadingOnes =
            mask.prefix { $0 == 0xff }.count * 8 + (mask.first { $0 != 0xff }.map { (~$0).leadingZeroBitCount } ?? 0)
        guard ones == leadingOnes else { throw DERFailure() }
        return .address(network: Array(bytes[..<(bytes.count / 2)]), mask: mask)
    }

    private static func mail(_ bytes: [UInt8]) throws(DERFailure) -> NameSubtree {
        guard bytes.contains(UInt8(ascii: "@")) else { return .mailHost(try HostSubtree(bytes)) }
        guard let mailbox = AlternativeName.mailbox(bytes) else { throw DERFailure() }
        return .mailbox(mailbox)
    }
}

/// `example.org` is that host; `.example.org` is every host below it. For mail and URI constraints.
struct HostSubtree: Sendable, Hashable {
    private let host: String
    private let isSubdomains: Bool

    init(_ bytes: [UInt8]) throws(DERFailure) {
        isSubdomains = bytes.first == UInt8(ascii: ".")
        guard let host = DomainName.normalized(isSubdomains ? bytes.dropFirst() : bytes[...], allowsWildcard: false)
        else { throw DERFailure() }
        self.host = host
    }

    /// - Parameter name: in lower case.
    func contains(_ name: String) -> Bool { isSubdomains ? name.hasSuffix("." + host) : name == host }
}

/// A distinguished name in the form in which constraints are compared: case and runs of spaces do not count
/// (a small part of RFC 4518, which RFC 5280 section 7.1 asks for).
struct CanonicalName: Sendable, Hashable {
    private let relativeNames: [Set<Attribute>]

    private struct Attribute: Sendable, Hashable {
        let type: [UInt8]
        let value: [UInt8]
    }

    /// Nil when a value is in a string type that cannot be compared.
    init?(_ name: RawDistinguishedName) {
        var relativeNames: [Set<Attribute>] = []
        for relativeName in name.relativeNames {
            var attributes: Set<Attribute> = []
            for attribute in relativeName {
                guard let value = Self.value(attribute) else { return nil }
                attributes.insert(Attribute(type: attribute.type, value: value))
            }
            relativeNames.append(attributes)
        }
        self.relativeNames = relativeNames
    }

    func isPrefix(of other: CanonicalName) -> Bool { other.relativeNames.starts(with: relativeNames) }

    private static func value(_ attribute: RawDistinguishedName.Attribute) -> [UInt8]? {
        guard let text = attribute.safeText else { return nil }
        let words = text.lowercased().split(separator: " ")
        return Array(words.joined(separator: " ").utf8)
    }
}
