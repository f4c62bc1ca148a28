import SallyportConfig

/// Draws the part of a split that a request belongs to.
package enum SplitChoice {
    /// - Parameter hash: Of the key that the upstream balances by: who has one stays with a part for as long as the
    ///   parts are the same. Nil: chance decides.
    package static func label(of parts: [SplitPart], hash: UInt64?, random: inout SeededRandom) -> String? {
        let total = parts.reduce(0) { $0 + $1.weight }
        guard total > 0 else { return nil }
        var left = Int((hash.map { mix64($0 ^ 0x5a11_7907_5911_7000) } ?? random.next()) % UInt64(total))
        for part in parts {
            left -= part.weight
            if left < 0 { return part.label }
        }
        return nil
    }
}

extension Share {
    /// Whether chance chooses this one.
    package func hits(_ random: inout SeededRandom) -> Bool {
        Int(random.next() % 10_000) < basisPoints
    }
}
