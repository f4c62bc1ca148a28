import CAllocationCount
import NIOCore

struct Measurement: Sendable {
    var nanoseconds: Double
    var allocations: Double
}

/// The best of several rounds: noise from neighbours only ever adds.
func best(of rounds: Int, _ round: @Sendable () async throws -> Measurement) async rethrows -> Measurement {
    var result = try await round()
    for _ in 1..<rounds {
        let next = try await round()
        result.nanoseconds = min(result.nanoseconds, next.nanoseconds)
        result.allocations = min(result.allocations, next.allocations)
    }
    return result
}

struct Stopwatch: Sendable {
    private let start = ContinuousClock.now
    private let allocations = allocation_count()

    func stop(requests: Int) -> Measurement {
        let elapsed = start.duration(to: .now) / .nanoseconds(1)
        return Measurement(
            nanoseconds: elapsed / Double(requests),
            allocations: Double(allocation_count() - allocations) / Double(requests))
    }
}
