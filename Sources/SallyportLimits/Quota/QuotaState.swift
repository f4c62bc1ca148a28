/// What is remembered of one caller under one limit: 16 bytes whose meaning is the quota's. All zero is nothing.
struct QuotaState: Sendable, Hashable {
    var first: UInt64 = 0
    var second: UInt64 = 0
}

/// What a quota says to one request.
struct QuotaCheck: Sendable, Hashable {
    var isAdmitted: Bool
    /// What is left after this request, or was left when it was refused.
    var remaining: UInt64
    /// Nanoseconds until all of the quota is there again.
    var untilFull: UInt64
    /// Nanoseconds until the same request would be admitted; 0 when it was, or when that cannot be known.
    var retryAfter: UInt64
    /// What to remember when the request goes on.
    var after: QuotaState
}
