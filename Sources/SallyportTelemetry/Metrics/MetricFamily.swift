import Synchronization

/// All series of one name, over all loops.
///
/// A loop asks for cells once for each set of labels that it meets and keeps them (`SeriesCache`); from then on it
/// counts without asking. The lock here is taken for a new set and for a scrape, never for a request.
package final class MetricFamily<Cells: SeriesCells>: Sendable {
    private let budget: SeriesBudget
    /// Lines that each set of labels is.
    private let weight: Int
    private let state = Mutex(State())

    private struct State {
        var sets: [MetricLabels: [Cells]] = [:]
        /// Of sets that there was no room for.
        var other: [Cells] = []
    }

    /// - Parameter weight: lines of a scrape that one set of labels takes.
    package init(budget: SeriesBudget, weight: Int = 1) {
        self.budget = budget
        self.weight = weight
    }

    /// New cells for the loop that asks; they count under these labels, or under `_other` when there is no room.
    func cells(_ labels: MetricLabels) -> Cells {
        let cells = Cells()
        state.withLock { state in
            if state.sets[labels] != nil || budget.take(weight) {
                state.sets[labels, default: []].append(cells)
            } else {
                state.other.append(cells)
            }
        }
        return cells
    }

    /// New cells that count under `_other`.
    func cellsOfOther() -> Cells {
        let cells = Cells()
        state.withLock { $0.other.append(cells) }
        return cells
    }

    /// Forgets the series of what the configuration has no more.
    package func keep(_ groups: Set<String>) {
        state.withLock { state in
            let gone = state.sets.keys.filter { $0.group.map { !groups.contains($0) } ?? false }
            for labels in gone { state.sets[labels] = nil }
            budget.giveBack(gone.count * weight)
        }
    }

    /// Every set of labels, in the order of their text, and what was counted under none of them.
    package func all() -> (sets: [(labels: MetricLabels, cells: [Cells])], other: [Cells]) {
        let (sets, other) = state.withLock { ($0.sets, $0.other) }
        return (sets.map { ($0.key, $0.value) }.sorted { $0.0.text < $1.0.text }, other)
    }
}

/// The labels of one series as they stand in a scrape: `http_route="orders",…`, escaped.
package struct MetricLabels: Sendable, Hashable {
    package private(set) var text: String
    /// What the series belongs to and goes away with: a route, an upstream, a listener.
    package var group: String?

    package init(group: String? = nil) {
        text = ""
        self.group = group
    }

    /// Adds a label. An empty value is the same as none, so it is left out.
    package func with(_ name: StaticString, _ value: String?) -> MetricLabels {
        guard let value, !value.isEmpty else { return self }
        var copy = self
        if !copy.text.isEmpty { copy.text += "," }
        copy.text += "\(name)=\"\(Self.escaped(value))\""
        return copy
    }

    /// Backslash, quote and line end are escaped in both formats; longer values than anybody reads are cut.
    private static func escaped(_ value: String) -> String {
        let bounded = value.utf8.count > mostBytes ? String(value.prefix(mostBytes / 4)) : value
        guard bounded.utf8.contains(where: { $0 == 0x5C || $0 == 0x22 || $0 == 0x0A }) else { return bounded }
        return bounded.unicodeScalars.reduce(into: "") { text, scalar in
            switch scalar {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.unicodeScalars.append(scalar)
            }
        }
    }

    /// Bytes of one value.
    static let mostBytes = 256
}
