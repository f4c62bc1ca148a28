import NIOPosix

/// Filters as synchronous functions against filters as async middleware: what one request costs in either shape.
/// Prints one row per number of filters; docs/decisions/0002 quotes it.
@main
struct FilterChain {
    static func main() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let shapes = Shapes(loop: group.next(), requests: 50_000)
        print("ns and allocations per request; each request arrives on, and is answered on, one event loop")
        print("filters | synchronous | async, running task | async, pinned task | async, default executor")
        for filters in 1...10 {
            let row = [
                try await best(of: 5) { try await shapes.synchronous(filters: filters) },
                try await best(of: 5) { try await shapes.runningTask(filters: filters) },
                try await best(of: 5) { try await shapes.pinnedTask(filters: filters) },
                try await best(of: 5) { try await shapes.unpinnedTask(filters: filters) },
            ]
            print("\(filters) | " + row.map(text).joined(separator: " | "))
        }
        try await group.shutdownGracefully()
    }

    static func text(_ measurement: Measurement) -> String {
        let tenths = (measurement.allocations * 10).rounded() / 10
        return "\(Int(measurement.nanoseconds.rounded())) ns, \(tenths)"
    }
}
