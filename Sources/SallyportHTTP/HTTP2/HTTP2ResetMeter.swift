/// Counts requests that are given up as soon as they are sent, by the client's own reset or by one that it provokes
/// (CVE-2023-44487, CVE-2025-8671).
package struct HTTP2ResetMeter: Sendable {
    private var requests = 0
    private var premature = 0

    /// Requests before the ratio means anything.
    package static let floor = 500
    /// A stream that lived longer than this counts as used, nanoseconds.
    package static let lifetime: Int64 = 1_000_000_000

    package init() {}

    package mutating func requestBegan() { requests += 1 }

    /// A stream ended by a reset before its response was complete.
    /// - Parameter age: nanoseconds.
    package mutating func wasReset(age: Int64) {
        if age < Self.lifetime { premature += 1 }
    }

    /// More than half were given up at once.
    package var isAbuse: Bool { requests >= Self.floor && premature * 2 > requests }
}
