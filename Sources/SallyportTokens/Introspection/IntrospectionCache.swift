/// What was answered about opaque tokens, and which questions are under way. Seconds since 1970 come in.
///
/// ```
///  ask ─▶ unknown ─▶ waiting ─▶ active, until `exp` and 60 s at most
///            │          ├─────▶ inactive, for 10 s
///            │          └─────▶ failed: nothing is kept, whoever waits is refused
///            └─ full, or too many for one address ─▶ busy
/// ```
package struct IntrospectionCache: Sendable {
    package static let longestActive: Int64 = 60
    package static let inactive: Int64 = 10

    package enum Decision: Sendable, Hashable {
        case active(TokenClaims)
        case inactive
        /// Ask the server, and say `answered` or `failed` in the end.
        case ask
        /// Somebody asks already.
        case wait
        /// Too many questions are under way.
        case busy
    }

    private struct Entry: Sendable {
        let answer: IntrospectionAnswer
        let until: Int64
    }

    private let most: Int
    private let mostWaiting: Int
    private var young: [TokenDigest: Entry] = [:]
    private var old: [TokenDigest: Entry] = [:]
    private var waiting: Set<TokenDigest> = []

    /// - Parameters:
    ///   - most: answers that are kept.
    ///   - mostWaiting: questions that are under way at a time.
    package init(most: Int = 10_000, mostWaiting: Int = 64) {
        self.most = most
        self.mostWaiting = mostWaiting
    }

    /// What is known without asking.
    package func known(_ digest: TokenDigest, at now: Int64) -> IntrospectionAnswer? {
        guard let entry = young[digest] ?? old[digest], now < entry.until else { return nil }
        return entry.answer
    }

    /// - Parameter mayAsk: counts a question, if there may be one more; not called where none is needed.
    package mutating func decide(
        _ digest: TokenDigest, at now: Int64, mayAsk: () -> Bool = { true }
    ) -> Decision {
        switch known(digest, at: now) {
        case .active(let claims)?: return .active(claims)
        case .inactive?: return .inactive
        case nil: break
        }
        guard !waiting.contains(digest) else { return .wait }
        guard waiting.count < mostWaiting, mayAsk() else { return .busy }
        waiting.insert(digest)
        return .ask
    }

    package mutating func answered(_ answer: IntrospectionAnswer, about digest: TokenDigest, at now: Int64) {
        waiting.remove(digest)
        let until =
            switch answer {
            case .inactive: now + Self.inactive
            // One that has just expired is kept as well: who asks is told so, and nobody asks the server again.
            case .active(let claims): max(min(claims.facts.expires, now + Self.longestActive), now + Self.inactive)
            }
        if young.count >= max(1, most / 2) {
            old = young
            young.removeAll(keepingCapacity: true)
        }
        old.removeValue(forKey: digest)
        young[digest] = Entry(answer: answer, until: until)
    }

    package mutating func failed(_ digest: TokenDigest) { waiting.remove(digest) }

    package var count: Int { young.count + old.count }
}
