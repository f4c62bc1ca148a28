/// The most frequent values of a stream in bounded memory: the space-saving sketch of Metwally, Agrawal and El Abbadi
/// (2005).
///
/// A value that makes up more than one `capacity`-th of the stream is always in it. A count is never too low, and too
/// high by at most the entry's `error`.
struct FrequentValues<Facts: Sendable & Equatable>: Sendable, Equatable {
    struct Entry: Sendable, Equatable {
        let value: String
        var count: Int
        /// How much of `count` may belong to values that were displaced.
        var error: Int
        /// Of the newest occurrence.
        var facts: Facts
    }

    let capacity: Int
    private(set) var entries: [Entry] = []

    init(capacity: Int) {
        self.capacity = max(1, capacity)
    }

    mutating func note(_ value: String, facts: Facts) {
        if let known = entries.firstIndex(where: { $0.value == value }) {
            entries[known].count += 1
            entries[known].facts = facts
        } else if entries.count < capacity {
            entries.append(Entry(value: value, count: 1, error: 0, facts: facts))
        } else if let least = leastIndex {
            let count = entries[least].count
            entries[least] = Entry(value: value, count: count + 1, error: count, facts: facts)
        }
    }

    private var leastIndex: Int? { entries.indices.min { entries[$0].count < entries[$1].count } }

    /// Adds what another sketch of the same capacity has seen. A value that is missing from a full sketch may have been
    /// displaced there, so it is taken to have occurred as often as that sketch's least.
    mutating func merge(_ other: FrequentValues) {
        let (floor, otherFloor) = (displacedAtMost, other.displacedAtMost)
        var merged = Dictionary(uniqueKeysWithValues: entries.map { ($0.value, $0) })
        for value in merged.keys { merged[value]?.add(count: otherFloor, error: otherFloor) }
        for entry in other.entries {
            if merged[entry.value] != nil {
                merged[entry.value]?.add(count: entry.count - otherFloor, error: entry.error - otherFloor)
            } else {
                merged[entry.value] = entry
                merged[entry.value]?.add(count: floor, error: floor)
            }
        }
        entries = Array(merged.values.sorted(by: Self.isBefore).prefix(capacity))
    }

    /// Most frequent first.
    var sorted: [Entry] { entries.sorted(by: Self.isBefore) }

    /// How often a value may have occurred that has no entry.
    private var displacedAtMost: Int { entries.count < capacity ? 0 : leastIndex.map { entries[$0].count } ?? 0 }

    private static func isBefore(_ left: Entry, _ right: Entry) -> Bool {
        left.count == right.count ? left.value < right.value : left.count > right.count
    }
}

extension FrequentValues.Entry {
    fileprivate mutating func add(count: Int, error: Int) {
        self.count += count
        self.error += error
    }
}
