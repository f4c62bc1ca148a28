import Synchronization

/// The short name of one connection, for logs and `sallyport explain`: `hs-` and ten characters.
///
/// Ten characters of Crockford's base 32 are 50 bits. No two connections of one process share a name, and names of two
/// processes hardly do. A name proves nothing and opens nothing.
package struct ConnectionID: Sendable, Hashable {
    private let number: UInt64

    package static let prefix = "hs-"
    private static let length = 10
    private static let mask: UInt64 = 1 << 50 - 1
    private static let digits = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

    private init(number: UInt64) { self.number = number }

    /// Reads the text form; letters may be upper-case.
    package init?(_ text: String) {
        let lower = text.lowercased()
        guard lower.hasPrefix(Self.prefix), lower.utf8.count == Self.prefix.utf8.count + Self.length else { return nil }
        var number: UInt64 = 0
        for byte in lower.utf8.dropFirst(Self.prefix.utf8.count) {
            guard let digit = Self.digits.firstIndex(of: byte) else { return nil }
            number = number << 5 | UInt64(digit)
        }
        self.number = number
    }

    package var text: String {
        let digits = (0..<Self.length).reversed().map { Self.digits[Int(number >> UInt64($0 * 5)) & 31] }
        return Self.prefix + String(decoding: digits, as: UTF8.self)
    }

    /// A multiplication by an odd number is a permutation of 50 bits: names follow no order, and none comes twice.
    package static func next() -> ConnectionID {
        let count = counter.add(1, ordering: .relaxed).newValue
        return ConnectionID(number: (count &* 0x1_E377_9B97_F4A7 ^ start) & mask)
    }

    private static let counter = Atomic<UInt64>(0)
    private static let start = UInt64.random(in: .min ... .max)
}
