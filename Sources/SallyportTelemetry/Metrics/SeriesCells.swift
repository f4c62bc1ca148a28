import Synchronization

/// The numbers of one series on one event loop.
///
/// Only that loop counts them up, so a plain load and store is enough and no loop waits for another; whoever scrapes
/// reads them at any time and sees each number as it was a moment ago.
package protocol SeriesCells: AnyObject, Sendable {
    init()
}

/// A number that only goes up.
package final class CounterCells: SeriesCells {
    private let count = Atomic<UInt64>(0)

    package init() {}

    /// To be called by the loop that owns the cells.
    package func add(_ more: UInt64 = 1) { count.addAsOnlyWriter(more) }

    package var value: UInt64 { count.load(ordering: .relaxed) }
}

/// A histogram of durations over `DurationBuckets`.
package final class DurationCells: SeriesCells {
    private let counts = InlineArray<14, Atomic<UInt64>> { _ in Atomic(0) }
    /// Nanoseconds.
    private let sum = Atomic<UInt64>(0)
    private let exemplars = Mutex<[Int: Exemplar]>([:])

    package init() {}

    /// To be called by the loop that owns the cells.
    package func record(nanoseconds: UInt64) {
        counts[DurationBuckets.index(of: nanoseconds)].addAsOnlyWriter(1)
        sum.addAsOnlyWriter(nanoseconds)
    }

    /// Keeps the trace as the example of its bucket: for the few requests that are sampled.
    package func keep(_ exemplar: Exemplar) {
        exemplars.withLock { $0[DurationBuckets.index(of: exemplar.nanoseconds)] = exemplar }
    }

    package func add(to total: inout DurationTotal) {
        for index in 0..<DurationBuckets.count { total.counts[index] += counts[index].load(ordering: .relaxed) }
        total.nanoseconds += sum.load(ordering: .relaxed)
        for (bucket, exemplar) in exemplars.withLock({ $0 })
        where exemplar.time > total.exemplars[bucket]?.time ?? .min {
            total.exemplars[bucket] = exemplar
        }
    }
}

/// A histogram over all loops.
package struct DurationTotal: Sendable {
    /// By bucket, not cumulative.
    package var counts = [UInt64](repeating: 0, count: DurationBuckets.count)
    package var nanoseconds: UInt64 = 0
    package var exemplars: [Int: Exemplar] = [:]

    package init() {}

    package init(_ cells: [DurationCells]) {
        for cell in cells { cell.add(to: &self) }
    }

    package var count: UInt64 { counts.reduce(0, +) }
}

/// A request that stands for the others of its bucket.
package struct Exemplar: Sendable, Equatable {
    package var trace: TraceID
    package var span: SpanID
    package var nanoseconds: UInt64
    /// Nanoseconds since 1970.
    package var time: Int64

    package init(trace: TraceID, span: SpanID, nanoseconds: UInt64, time: Int64) {
        self.trace = trace
        self.span = span
        self.nanoseconds = nanoseconds
        self.time = time
    }
}

/// Upper bounds of durations: those that OpenTelemetry advises, and finer ones for what a gateway answers itself.
package enum DurationBuckets {
    /// Those with a bound, and the one without.
    package static let count = 14

    /// Nanoseconds, inclusive.
    package static let bounds: [UInt64] = [
        500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000, 250_000_000,
        500_000_000, 1_000_000_000, 2_500_000_000, 10_000_000_000,
    ]

    /// As `le` says them, in seconds.
    package static let words = [
        "0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1.0", "2.5", "10.0", "+Inf",
    ]

    /// The first bucket that holds the duration.
    package static func index(of nanoseconds: UInt64) -> Int {
        var index = 0
        while index < count - 1, nanoseconds > bounds[index] { index += 1 }
        return index
    }

    /// The duration that this share of all is below, interpolated as `histogram_quantile` does.
    ///
    /// - Parameter share: 0 to 1.
    /// - Returns: nanoseconds; nil without any.
    package static func quantile(_ share: Double, of counts: [UInt64]) -> UInt64? {
        let total = counts.reduce(0, +)
        guard total > 0, counts.count == count else { return nil }
        let rank = share * Double(total)
        var below: UInt64 = 0
        for (index, inside) in counts.enumerated() where inside > 0 {
            if Double(below + inside) >= rank {
                guard index < bounds.count else { return bounds[bounds.count - 1] }
                let lower = index == 0 ? 0 : bounds[index - 1]
                let part = max(0, rank - Double(below)) / Double(inside)
                return lower + UInt64(part * Double(bounds[index] - lower))
            }
            below += inside
        }
        return bounds[bounds.count - 1]
    }
}

extension Atomic where Value == UInt64 {
    /// Cheaper than an atomic addition, and right while one thread writes.
    func addAsOnlyWriter(_ more: UInt64) {
        store(load(ordering: .relaxed) &+ more, ordering: .relaxed)
    }
}
