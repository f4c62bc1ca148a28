/// A SPIFFE ID (SPIFFE-ID section 2): `spiffe://trust-domain/segment/segment`.
struct SPIFFEIdentifier: Sendable, Hashable {
    let trustDomain: String
    /// Whether segments follow the trust domain: an ID without any names the trust domain itself.
    let hasPath: Bool

    private static let maximumBytes = 2048

    /// Whether the URI is one of the scheme, well-formed or not.
    static func isMeant(by uri: some Sequence<UInt8>) -> Bool {
        uri.prefix(7).map(\.asciiLowercased).elementsEqual("spiffe:".utf8)
    }

    /// Lower-case scheme and trust domain; no port, user, query, fragment, percent-encoding, empty or dot segments.
    init?(_ text: String) {
        let bytes = Array(text.utf8)
        let scheme = Array("spiffe://".utf8)
        guard bytes.count <= Self.maximumBytes, bytes.starts(with: scheme) else { return nil }
        var parts = bytes[scheme.count...].split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)[...]
        let domain = parts.removeFirst()
        guard (1...255).contains(domain.count), domain.allSatisfy(Self.isTrustDomainCharacter),
            parts.allSatisfy(Self.isSegment)
        else { return nil }
        trustDomain = String(decoding: domain, as: UTF8.self)
        hasPath = !parts.isEmpty
    }

    private static func isSegment(_ segment: ArraySlice<UInt8>) -> Bool {
        !segment.isEmpty && segment.allSatisfy(isPathCharacter)
            && !segment.elementsEqual(".".utf8) && !segment.elementsEqual("..".utf8)
    }

    private static func isTrustDomainCharacter(_ byte: UInt8) -> Bool {
        isPathCharacter(byte) && byte.asciiLowercased == byte
    }

    private static func isPathCharacter(_ byte: UInt8) -> Bool {
        byte.isASCIILetterOrDigit || "-_.".utf8.contains(byte)
    }
}
