/// When the keys of an issuer are fetched, and how long they are good. No clock and no network of its own: seconds since
/// 1970 come in, and go out.
///
/// ```
///          due              fetched
///  none ───────▶ fetching ──────────▶ fresh ──max-age──▶ stale ──24 h──▶ none
///    ▲              │ failed            │ unknown kid      │ still used, fetched again
///    └── pause ◀────┘                   ▼ at most once in 30 s
/// ```
package struct KeyRotation: Sendable, Hashable {
    /// What the issuer says about the age of its keys is held to these, seconds.
    package static let freshness: ClosedRange<Int64> = 300...86_400
    /// How long keys are used after they should have been fetched anew.
    package static let staleness: Int64 = 86_400
    /// Between fetches because of a `kid` that is not known: an attacker can invent as many as they like.
    package static let pauseForUnknownKey: Int64 = 30
    static let firstPause: Int64 = 5
    static let longestPause: Int64 = 300

    private var freshUntil: Int64?
    private var nextAttempt: Int64 = .min
    private var pause = firstPause
    private var lastForUnknownKey: Int64 = .min

    package init() {}

    /// Whether to fetch now.
    package func isDue(at now: Int64) -> Bool {
        now >= nextAttempt && freshUntil.map { now >= $0 } ?? true
    }

    /// Whether keys that were fetched may still be used.
    package func isUsable(at now: Int64) -> Bool {
        freshUntil.map { now < $0.saturatingAdd(Self.staleness) } ?? false
    }

    /// - Parameter maximumAge: from Cache-Control, seconds; nil when the issuer says nothing.
    package mutating func fetched(maximumAge: Int64?, at now: Int64) {
        let age = min(
            max(maximumAge ?? Self.freshness.lowerBound, Self.freshness.lowerBound), Self.freshness.upperBound)
        freshUntil = now + age
        nextAttempt = now
        pause = Self.firstPause
    }

    /// Keys that are there stay in use; the next attempt waits, longer each time.
    package mutating func failed(at now: Int64) {
        nextAttempt = now + pause
        pause = min(pause * 2, Self.longestPause)
    }

    /// A token names a key that is not in the set.
    /// - Returns: whether to fetch now.
    package mutating func sawUnknownKey(at now: Int64) -> Bool {
        guard now >= nextAttempt, now >= lastForUnknownKey.saturatingAdd(Self.pauseForUnknownKey) else { return false }
        lastForUnknownKey = now
        return true
    }
}

extension Int64 {
    fileprivate func saturatingAdd(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}

/// The age in a Cache-Control field (RFC 9111 section 5.2.2).
package enum CacheAge {
    /// Nil when nothing is said or it is not understood; 0 for `no-store` and `no-cache`.
    package static func seconds(_ field: String) -> Int64? {
        var age: Int64?
        for directive in field.split(separator: ",") {
            let parts = directive.split(separator: "=", maxSplits: 1).map {
                $0.filter { $0 != " " && $0 != "\t" }.lowercased()
            }
            switch parts.first {
            case "no-store", "no-cache": return 0
            case "max-age" where parts.count == 2:
                let digits = parts[1].filter { $0 != "\"" }
                guard age == nil, !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
                    return nil
                }
                age = Int64(digits) ?? .max
            default: continue
            }
        }
        return age
    }
}
