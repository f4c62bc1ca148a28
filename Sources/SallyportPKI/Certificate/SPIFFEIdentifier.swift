/// Syntax of SPIFFE IDs (SPIFFE-ID section 2): `spiffe://trust-domain/segment/segment`.
enum SPIFFEIdentifier {
    private static let maximumBytes = 2048

    /// Lower-case scheme and trust domain; no port, user, query, fragment, percent-encoding, empty or dot segments.
    static func isValid(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        let scheme = Array("spiffe://".utf8)
        guard bytes.count <= maximumBytes, bytes.starts(with: scheme) else { return false }
        var parts = bytes[scheme.count...].split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)[...]
        let domain = parts.removeFirst()
        guard (1...255).contains(domain.count), domain.allSatisfy(isTrustDomainCharacter) else { return false }
        return parts.allSatisfy { segment in
            !segment.isEmpty && segment.allSatisfy(isPathCharacter)
                && !segment.elementsEqual(".".utf8) && !segment.elementsEqual("..".utf8)
        }
    }

    private static func isTrustDomainCharacter(_ byte: UInt8) -> Bool {
        isPathCharacter(byte) && byte.asciiLowercased == byte
    }

    private static func isPathCharacter(_ byte: UInt8) -> Bool {
        byte.isASCIILetterOrDigit || "-_.".utf8.contains(byte)
    }
}
