/// Counts refusals by kind, and says once a second what came together: a line each would be a flood of its own.
package struct RefusalTally: Sendable {
    private var total = [Int](repeating: 0, count: GateRefusal.allCases.count)
    private var reported = [Int](repeating: 0, count: GateRefusal.allCases.count)

    package init() {}

    package mutating func count(_ refusal: GateRefusal) {
        for (index, kind) in GateRefusal.allCases.enumerated() where kind == refusal { total[index] += 1 }
    }

    /// What was refused since this was asked last.
    package mutating func news() -> [(GateRefusal, count: Int)] {
        defer { reported = total }
        return GateRefusal.allCases.enumerated().compactMap { index, kind in
            let count = total[index] - reported[index]
            return count > 0 ? (kind, count) : nil
        }
    }

    /// Since the start.
    package var all: [(GateRefusal, count: Int)] {
        GateRefusal.allCases.enumerated().compactMap { total[$0] > 0 ? ($1, total[$0]) : nil }
    }
}
