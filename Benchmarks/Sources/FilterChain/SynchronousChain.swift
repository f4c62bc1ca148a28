/// A filter as a plain function with an explicit verdict.
protocol RequestFilter: Sendable {
    func requestHead(_ exchange: inout Exchange) -> Verdict
}

struct SaltedFilter: RequestFilter {
    let salt: UInt64

    @inline(never)
    func requestHead(_ exchange: inout Exchange) -> Verdict {
        refuses(&exchange, salt: salt) ? .respond(status: 431) : .proceed
    }
}

/// One flat list, run from the front until a filter answers.
struct SynchronousChain: Sendable {
    let filters: [any RequestFilter]

    init(count: Int) { filters = (0..<count).map { SaltedFilter(salt: UInt64($0)) } }

    @inline(never)
    func run(_ exchange: Exchange) -> Reply {
        var exchange = exchange
        for filter in filters {
            if case .respond(let status) = filter.requestHead(&exchange) {
                return Reply(status: status, trace: exchange.trace)
            }
        }
        return Reply(status: 200, trace: exchange.trace)
    }
}
