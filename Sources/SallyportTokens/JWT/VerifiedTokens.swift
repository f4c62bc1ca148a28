import Synchronization

/// Tokens whose signature was good, so that it is checked once and not for each request.
///
/// A token is remembered by its SHA-256, under one set of keys. Bounded by two halves: when the young half is full it
/// becomes the old one, and what was not asked for since is forgotten. Time and binding are checked anew each time.
package final class VerifiedTokens: Sendable {
    private struct Halves {
        var revision: UInt64 = 0
        var young: [TokenDigest: TokenClaims] = [:]
        var old: [TokenDigest: TokenClaims] = [:]
    }

    private let halves = Mutex(Halves())
    private let mostInHalf: Int

    /// - Parameter most: tokens that are remembered at a time.
    package init(most: Int = 10_000) { mostInHalf = max(1, most / 2) }

    /// - Parameter revision: of the keys; under others nothing is remembered.
    package func claims(of digest: TokenDigest, revision: UInt64) -> TokenClaims? {
        halves.withLock { halves in
            guard halves.revision == revision else { return nil }
            if let known = halves.young[digest] { return known }
            guard let known = halves.old.removeValue(forKey: digest) else { return nil }
            Self.insert(known, digest, &halves, mostInHalf)
            return known
        }
    }

    package func remember(_ claims: TokenClaims, of digest: TokenDigest, revision: UInt64) {
        halves.withLock { halves in
            // A worker that still has the former keys does not bring back what they signed.
            guard revision >= halves.revision else { return }
            if revision > halves.revision { halves = Halves(revision: revision) }
            Self.insert(claims, digest, &halves, mostInHalf)
        }
    }

    package var count: Int { halves.withLock { $0.young.count + $0.old.count } }

    private static func insert(_ claims: TokenClaims, _ digest: TokenDigest, _ halves: inout Halves, _ most: Int) {
        if halves.young.count >= most {
            halves.old = halves.young
            halves.young.removeAll(keepingCapacity: true)
        }
        halves.young[digest] = claims
    }
}
