/// Whom a limit counts, as a keyed hash: 16 bytes, whatever it was made from.
package struct LimitKey: Sendable, Hashable {
    let low: UInt64
    let high: UInt64

    /// Stands for nobody in tables; no hash is this value but one in 2^128.
    static let none = LimitKey(low: 0, high: 0)

    package init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }
}

/// What a part of a key is; values are part of hashes only.
package enum LimitKeyPart: UInt8, Sendable {
    case identity = 1
    case address
    case header
    case route
    case apiKey
    /// Of a token.
    case issuer
    case claim
    case client
}

/// Takes the parts that a limit counts by. Each is told apart by its kind and length, so that no two lists of parts
/// have the same bytes.
package protocol LimitKeyParts {
    mutating func add(_ part: LimitKeyPart, _ bytes: some Collection<UInt8>)
}

/// Makes a key for the tables of this process.
package struct LimitKeyHasher: LimitKeyParts, Sendable {
    private var hash: SipHash

    package init(_ key: SipHash.Key) {
        hash = SipHash(key: key)
    }

    package mutating func add(_ part: LimitKeyPart, _ bytes: some Collection<UInt8>) {
        hash.combine(byte: part.rawValue)
        hash.combine(UInt64(bytes.count))
        let isWhole = bytes.withContiguousStorageIfAvailable { hash.combine($0.span.bytes) } != nil
        if !isWhole { for byte in bytes { hash.combine(byte: byte) } }
    }

    package consuming func key() -> LimitKey {
        let (low, high) = hash.finish()
        return LimitKey(low: low, high: high)
    }
}
