import NIOCore

/// How long to wait before the next attempt: twice as long each time up to five seconds, and by chance between half of
/// it and all, so that many gateways do not come back in one moment.
struct ReconnectPause {
    private var attempts = 0

    private static let first: Int64 = 100
    private static let longest: Int64 = 5000

    mutating func next(using random: inout some RandomNumberGenerator) -> TimeAmount {
        let whole = min(Self.longest, Self.first << min(attempts, 10))
        attempts += 1
        return .milliseconds(Int64.random(in: whole / 2...whole, using: &random))
    }

    mutating func reset() { attempts = 0 }
}
