/// A serial number as a key of look-ups: its value in 20 octets held inline, so that a table of 100,000 is one block of
/// memory and not 100,000 arrays.
struct SerialNumber: Sendable, Hashable {
    private let high: UInt64
    private let middle: UInt64
    private let low: UInt32

    /// - Parameter content: of the INTEGER, at most 20 significant octets.
    /// - Returns: nil for a negative number and for a longer one. Certificates with such numbers are never let in
    ///   (RFC 5280 section 4.1.2.2), so nothing is lost where they are left out.
    init?(_ content: some Collection<UInt8>) {
        guard let first = content.first, first & 0x80 == 0 else { return nil }
        let value = content.drop { $0 == 0 }
        guard value.count <= 20 else { return nil }
        var parts: (UInt64, UInt64, UInt64) = (0, 0, 0)
        for byte in value {
            parts.0 = parts.0 << 8 | parts.1 >> 56
            parts.1 = parts.1 << 8 | parts.2 >> 24 & 0xff
            parts.2 = (parts.2 << 8 | UInt64(byte)) & 0xffff_ffff
        }
        (high, middle, low) = (parts.0, parts.1, UInt32(parts.2))
    }

    /// - Parameter hexadecimal: digits of either case, with or without colons; nil when it is none or too long.
    init?(hexadecimal: String) {
        var digits = hexadecimal.utf8.filter { $0 != UInt8(ascii: ":") }
        guard !digits.isEmpty, digits.count <= 2 * 64 else { return nil }
        if digits.count % 2 == 1 { digits.insert(UInt8(ascii: "0"), at: 0) }
        guard let bytes = Hexadecimal.bytes(digits) else { return nil }
        self.init([0] + bytes)
    }

    /// Content of the INTEGER.
    var content: [UInt8] {
        let value = significant
        return value.first.map { $0 & 0x80 != 0 } ?? true ? [0] + value : Array(value)
    }

    /// Upper-case hexadecimal, an even number of digits, as `cert inspect` shows it.
    var text: String { significant.isEmpty ? "00" : Hexadecimal.text(significant) }

    /// The value without leading zeros.
    private var significant: ArraySlice<UInt8> {
        var bytes: [UInt8] = []
        withUnsafeBytes(of: high.bigEndian) { bytes += $0 }
        withUnsafeBytes(of: middle.bigEndian) { bytes += $0 }
        withUnsafeBytes(of: low.bigEndian) { bytes += $0 }
        return bytes.drop { $0 == 0 }
    }
}
