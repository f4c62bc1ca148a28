/// A DNS name of letters, digits and hyphens (RFC 5890 section 2.3.1), lower-case, that cannot be taken for an address.
package struct HostName: Sendable, Hashable {
    package let text: String

    /// Nil for an address, a trailing dot, an underscore, an empty or overlong label, or anything outside ASCII.
    package init?(_ bytes: ArraySlice<UInt8>) {
        guard (1...253).contains(bytes.count) else { return nil }
        let labels = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard labels.allSatisfy(Self.isLabel), let last = labels.last, !last.allSatisfy(Self.isDigit) else {
            return nil
        }
        text = String(decoding: bytes.lazy.map(Self.lowercased), as: UTF8.self)
    }

    private static func isLabel(_ label: ArraySlice<UInt8>) -> Bool {
        (1...63).contains(label.count) && label.allSatisfy(isLetterDigitHyphen)
            && label.first != hyphen && label.last != hyphen
    }

    private static let hyphen = UInt8(ascii: "-")

    private static func isLetterDigitHyphen(_ byte: UInt8) -> Bool {
        isDigit(byte) || byte == hyphen || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(lowercased(byte))
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
