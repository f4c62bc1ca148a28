import NIOCore

/// Every shape handles `requests` requests that arrive on the event loop, and must have the replies back on it,
/// because that is where the connection is written.
struct Shapes: Sendable {
    let loop: any EventLoop
    let requests: Int
    let exchange = Exchange(
        path: Array("/orders/17".utf8), identity: Identity(name: "alice"), generation: 41, headerBytes: 512)

    /// A flat array of functions, called where the bytes arrived.
    func synchronous(filters: Int) async throws -> Measurement {
        let chain = SynchronousChain(count: filters)
        return try await loop.submit {
            let watch = Stopwatch()
            var checksum: UInt64 = 0
            for _ in 0..<requests { checksum &+= chain.run(exchange).trace }
            return watch.stop(requests: requests + Int(checksum & 0))
        }.get()
    }

    /// Middleware inside a task that is already running and pinned to the loop, and that never suspends: the floor.
    func runningTask(filters: Int) async throws -> Measurement {
        let chain = AsynchronousChain(count: filters)
        return try await Task(executorPreference: EventLoopExecutor(loop)) {
            let watch = Stopwatch()
            var checksum: UInt64 = 0
            for _ in 0..<requests { checksum &+= try await chain.head(exchange).trace }
            return watch.stop(requests: requests + Int(checksum & 0))
        }.value
    }

    /// A task per request, pinned to the loop.
    func pinnedTask(filters: Int) async throws -> Measurement {
        let (chain, executor) = (AsynchronousChain(count: filters), EventLoopExecutor(loop))
        return try await eachOnLoop { done in
            Task(executorPreference: executor) { done(try await chain.head(exchange)) }
        }
    }

    /// A task per request on the default executor, which hops to a thread of the pool and back.
    func unpinnedTask(filters: Int) async throws -> Measurement {
        let chain = AsynchronousChain(count: filters)
        return try await eachOnLoop { done in
            Task {
                let reply = try await chain.head(exchange)
                loop.execute { done(reply) }
            }
        }
    }

    /// Requests one after the other, as on one keep-alive connection.
    private func eachOnLoop(_ start: @escaping @Sendable (@escaping @Sendable (Reply) -> Void) -> Void) async throws
        -> Measurement
    {
        let finished = loop.makePromise(of: Measurement.self)
        let watch = Stopwatch()
        @Sendable func next(_ remaining: Int) {
            if remaining == 0 { return finished.succeed(watch.stop(requests: requests)) }
            start { _ in next(remaining - 1) }
        }
        loop.execute { next(requests) }
        return try await finished.futureResult.get()
    }
}
