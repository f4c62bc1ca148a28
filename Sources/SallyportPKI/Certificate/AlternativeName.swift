/// A GeneralName as it stands in the encoding (RFC 5280 section 4.2.1.6): sorted by kind, not yet checked.
enum AlternativeName: Sendable, Hashable {
    case email([UInt8])
    case dns([UInt8])
    case uri([UInt8])
    case address([UInt8])
    case directory(RawDistinguishedName)
    /// otherName, x400Address, ediPartyName or registeredID, by its tag.
    case other(tag: UInt8)

    init(_ element: DERElement) throws(DERFailure) {
        switch element.tag {
        case 0x81: self = .email(Array(element.content))
        case 0x82: self = .dns(Array(element.content))
        case 0x86: self = .uri(Array(element.content))
        case 0x87: self = .address(Array(element.content))
        case 0xa4: self = .directory(try RawDistinguishedName(der: element.content))
        case 0xa0, 0xa3, 0xa5, 0x88: self = .other(tag: element.tag)
        default: throw DERFailure()
        }
    }

    /// The members of a GeneralNames value, at least one.
    static func list(_ der: ArraySlice<UInt8>) throws(DERFailure) -> [AlternativeName] {
        var members = try DERCursor.only(der, tag: DERTag.sequence).children
        var names: [AlternativeName] = []
        while !members.isAtEnd { names.append(try AlternativeName(try members.next())) }
        guard !names.isEmpty else { throw DERFailure() }
        return names
    }
}

extension AlternativeName {
    /// A mailbox whose domain is in lower case; nil when it is none. The local part keeps its case (RFC 5321).
    static func mailbox(_ bytes: [UInt8]) -> String? {
        let parts = bytes.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        guard parts.count == 2, (1...64).contains(parts[0].count), parts[0].allSatisfy(isMailboxCharacter),
            let domain = DomainName.normalized(parts[1], allowsWildcard: false)
        else { return nil }
        return String(decoding: parts[0], as: UTF8.self) + "@" + domain
    }

    private static func isMailboxCharacter(_ byte: UInt8) -> Bool {
        (0x21...0x7e).contains(byte) && !"()<>[]:;,\\\"".utf8.contains(byte)
    }

    /// An absolute URI of RFC 3986, unchanged; nil when it is none.
    static func uniformResourceIdentifier(_ bytes: [UInt8]) -> String? {
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), (1...32).contains(colon), bytes.count <= 2048,
            bytes[0].isASCIILetter, bytes[..<colon].allSatisfy(isSchemeCharacter), colon + 1 < bytes.count,
            hasOnlyURICharacters(bytes)
        else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func isSchemeCharacter(_ byte: UInt8) -> Bool {
        byte.isASCIILetterOrDigit || "+-.".utf8.contains(byte)
    }

    private static func hasOnlyURICharacters(_ bytes: [UInt8]) -> Bool {
        for (index, byte) in bytes.enumerated() {
            guard byte.isASCIILetterOrDigit || "-._~:/?#[]@!$&'()*+,;=%".utf8.contains(byte) else { return false }
            guard byte == UInt8(ascii: "%") else { continue }
            guard index + 2 < bytes.count, bytes[index + 1].isHexadecimalDigit, bytes[index + 2].isHexadecimalDigit
            else { return false }
        }
        return true
    }
}

extension UInt8 {
    var isHexadecimalDigit: Bool { isASCIIDigit || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(self | 0x20) }
}
