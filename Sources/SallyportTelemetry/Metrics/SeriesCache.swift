/// The cells that one loop counts in, by a number made of the labels. It belongs to the loop, so nothing is locked.
///
/// Few different numbers come up for one route: a look at a short list finds the cells, without hashing and, once they
/// are there, without allocation.
package struct SeriesCache<Cells: SeriesCells> {
    private let family: MetricFamily<Cells>
    private var keys: [UInt64] = []
    private var cells: [Cells] = []
    private var other: Cells?
    private var last = 0

    /// More combinations than this are counted under `_other`: whoever can choose a label finds an end here.
    package static var mostKeys: Int { 64 }

    package init(_ family: MetricFamily<Cells>) {
        self.family = family
    }

    /// - Parameter labels: asked for once for each key.
    package mutating func cells(_ key: UInt64, _ labels: () -> MetricLabels) -> Cells {
        if last < keys.count, keys[last] == key { return cells[last] }
        for index in keys.indices where keys[index] == key {
            last = index
            return cells[index]
        }
        return add(key, labels)
    }

    private mutating func add(_ key: UInt64, _ labels: () -> MetricLabels) -> Cells {
        guard keys.count < Self.mostKeys else {
            let known = other ?? family.cellsOfOther()
            other = known
            return known
        }
        last = keys.count
        keys.append(key)
        cells.append(family.cells(labels()))
        return cells[last]
    }
}
