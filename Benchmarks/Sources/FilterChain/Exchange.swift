/// What a filter sees of a request: about the size of the real thing, so that copying it costs what it would cost.
struct Exchange: Sendable {
    var path: [UInt8]
    var identity: Identity
    var generation: Int
    var headerBytes: Int
    /// Each filter adds to this, so that none of them can be optimised away.
    var trace: UInt64 = 0
}

final class Identity: Sendable {
    let name: String
    init(name: String) { self.name = name }
}

enum Verdict {
    case proceed
    case respond(status: Int)
}

struct Reply: Sendable {
    var status: Int
    var trace: UInt64
}

/// The work of one filter, the same in both shapes: look at a few bytes and decide.
@inline(__always)
func refuses(_ exchange: inout Exchange, salt: UInt64) -> Bool {
    exchange.trace = (exchange.trace &* 31) &+ salt &+ UInt64(exchange.path[exchange.path.count - 1])
    return exchange.headerBytes > 32 << 10
}
