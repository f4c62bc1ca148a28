/// SipHash-2-4 with 128 bits (Aumasson and Bernstein, 2012): a hash with a secret key. Whoever does not have the key
/// cannot choose two inputs that meet in one value.
package struct SipHash: Sendable {
    /// The secret; random, one per process.
    package struct Key: Sendable {
        let low: UInt64
        let high: UInt64

        package init(low: UInt64, high: UInt64) {
            self.low = low
            self.high = high
        }

        /// From the system's random source.
        package static func random() -> Key {
            var source = SystemRandomNumberGenerator()
            return Key(low: source.next(), high: source.next())
        }
    }

    private var v0: UInt64
    private var v1: UInt64
    private var v2: UInt64
    private var v3: UInt64
    /// Bytes that do not make a word yet, the first lowest.
    private var rest: UInt64 = 0
    private var length: UInt64 = 0

    package init(key: Key) {
        v0 = key.low ^ 0x736f_6d65_7073_6575
        v1 = key.high ^ 0x646f_7261_6e64_6f6d ^ 0xee
        v2 = key.low ^ 0x6c79_6765_6e65_7261
        v3 = key.high ^ 0x7465_6462_7974_6573
    }

    package mutating func combine(byte: UInt8) {
        rest |= UInt64(byte) << (8 * (length & 7))
        length &+= 1
        if length & 7 == 0 { absorbRest() }
    }

    /// The same as one after the other.
    package mutating func combine(_ bytes: RawSpan) {
        let words = bytes.byteCount / 8
        for word in 0..<words {
            combine(UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: word * 8, as: UInt64.self)))
        }
        for position in words * 8..<bytes.byteCount {
            combine(byte: bytes.unsafeLoad(fromByteOffset: position, as: UInt8.self))
        }
    }

    /// Eight bytes, the lowest first.
    package mutating func combine(_ number: UInt64) {
        let offset = 8 * (length & 7)
        length &+= 8
        guard offset > 0 else {
            rest = number
            return absorbRest()
        }
        rest |= number << offset
        absorbRest()
        rest = number >> (64 - offset)
    }

    package consuming func finish() -> (low: UInt64, high: UInt64) {
        rest |= length << 56
        absorbRest()
        v2 ^= 0xee
        for _ in 0..<4 { round() }
        let low = v0 ^ v1 ^ v2 ^ v3
        v1 ^= 0xdd
        for _ in 0..<4 { round() }
        return (low, v0 ^ v1 ^ v2 ^ v3)
    }

    private mutating func absorbRest() {
        v3 ^= rest
        round()
        round()
        v0 ^= rest
        rest = 0
    }

    private mutating func round() {
        v0 &+= v1
        v1 = Self.rotated(v1, 13) ^ v0
        v0 = Self.rotated(v0, 32)
        v2 &+= v3
        v3 = Self.rotated(v3, 16) ^ v2
        v0 &+= v3
        v3 = Self.rotated(v3, 21) ^ v0
        v2 &+= v1
        v1 = Self.rotated(v1, 17) ^ v2
        v2 = Self.rotated(v2, 32)
    }

    private static func rotated(_ word: UInt64, _ bits: UInt64) -> UInt64 { word << bits | word >> (64 - bits) }
}
