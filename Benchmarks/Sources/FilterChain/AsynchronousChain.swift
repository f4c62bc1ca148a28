typealias Next = @Sendable (Exchange) async throws -> Reply

/// A filter as middleware: it is handed the rest of the chain and decides whether to call it.
protocol Middleware: Sendable {
    func handle(_ exchange: Exchange, next: Next) async throws -> Reply
}

struct SaltedMiddleware: Middleware {
    let salt: UInt64

    @inline(never)
    func handle(_ exchange: Exchange, next: Next) async throws -> Reply {
        var exchange = exchange
        if refuses(&exchange, salt: salt) { return Reply(status: 431, trace: exchange.trace) }
        return try await next(exchange)
    }
}

/// The chain is folded once, from the back, so a request builds no closures.
struct AsynchronousChain: Sendable {
    let head: Next

    init(count: Int) {
        var next: Next = { Reply(status: 200, trace: $0.trace) }
        for salt in (0..<count).reversed() {
            let (middleware, rest): (any Middleware, Next) = (SaltedMiddleware(salt: UInt64(salt)), next)
            next = { try await middleware.handle($0, next: rest) }
        }
        head = next
    }
}
