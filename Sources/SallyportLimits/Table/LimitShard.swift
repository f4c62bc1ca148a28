/// A part of a limit's table: one array in buckets of sixteen places. A caller stands in one of two buckets that its
/// hash names, so that the array can be three quarters full without anybody having to go (Azar et al., 1994). Places
/// are taken over but never emptied, so a search of a bucket ends at the first that is empty. A byte of each caller's
/// hash stands in an array of its own: a search looks at a place only where that byte is the caller's, which keeps it
/// at about two lines of the processor's cache.
struct LimitShard: ~Copyable {
    struct Slot: Sendable {
        var key = LimitKey.none
        var state = QuotaState()
    }

    /// What keeping one more caller cost.
    enum Loss { case none, liveEntry }

    private var slots: [Slot] = []
    /// One for each bucket.
    private var marks: [LimitMarks] = []
    private var used = 0
    /// So many places may be taken before the next look at the size. Each look costs as much as all of them.
    private var untilResize = 0
    private let memory: LimitMemory

    private static let bucket = 16
    private static let smallest = 32

    init(memory: LimitMemory) {
        self.memory = memory
    }

    /// Bytes of its places.
    var size: Int { Self.bytes(slots.count) }

    deinit {
        memory.giveBack(size)
    }

    /// Callers that were remembered at some time and are not overwritten.
    var count: Int { used }

    subscript(place: Int) -> QuotaState {
        get { slots[place].state }
        set { slots[place].state = newValue }
    }

    /// Where the caller stands, without making a place.
    func known(_ key: LimitKey) -> Int? {
        guard !slots.isEmpty else { return nil }
        let (first, second) = buckets(of: key)
        return search(first, for: key) ?? search(second, for: key)
    }

    private func search(_ bucket: Int, for key: LimitKey) -> Int? {
        let start = bucket * Self.bucket
        return marks[bucket].first(key.mark) { slots[start + $0].key == key }.map { start + $0 }
    }

    /// The two buckets where the caller may stand.
    private func buckets(of key: LimitKey) -> (Int, Int) {
        let mask = marks.count - 1
        let (first, second) = (Int(truncatingIfNeeded: key.high), Int(truncatingIfNeeded: key.high >> 32))
        return (first & mask, second & mask)
    }

    /// Where the caller stands, made if need be; nil when every place is held by something that must not be lost.
    ///
    /// A full table gives up first what says nothing any more, then what says least. Who comes in its place begins
    /// with what the other one had used, so nobody gains by making the table forget (the rule of Space-Saving,
    /// Metwally 2005: counts may be too high, never too low).
    mutating func place(of key: LimitKey, _ quota: Quota, at time: LimitTime, _ loss: inout Loss) -> Int? {
        if let known = known(key) { return known }
        if untilResize == 0 { resize(quota, at: time, &loss) }
        let (place, load) = leastLoaded(near: key, quota, at: time)
        if load > 0 {
            if case .concurrent = quota { return nil }
            loss = .liveEntry
        } else {
            if slots[place].key == .none { take() }
            slots[place].state = QuotaState()
        }
        put(key, at: place)
        return place
    }

    /// Of the two buckets the one that is less full, for which fewer places have to be looked at later; when neither
    /// has room, the place that says least.
    private func leastLoaded(near key: LimitKey, _ quota: Quota, at time: LimitTime) -> (place: Int, load: UInt64) {
        let (first, second) = buckets(of: key)
        let left = leastLoaded(in: first, quota, at: time)
        let right = leastLoaded(in: second, quota, at: time)
        if left.load != right.load { return left.load < right.load ? left : right }
        return left.place % Self.bucket <= right.place % Self.bucket ? left : right
    }

    /// The first empty place has no load; where there is none, every one is looked at.
    private func leastLoaded(in bucket: Int, _ quota: Quota, at time: LimitTime) -> (place: Int, load: UInt64) {
        if let empty = emptyPlace(in: bucket) { return (empty, 0) }
        let start = bucket * Self.bucket
        var best = (place: start, load: UInt64.max)
        for place in start..<start + Self.bucket {
            let load = quota.load(slots[place].state, at: time)
            if load == 0 { return (place, 0) }
            if load < best.load { best = (place, load) }
        }
        return best
    }

    private mutating func take() {
        used += 1
        untilResize -= 1
    }

    private mutating func put(_ key: LimitKey, at place: Int) {
        slots[place].key = key
        marks[place / Self.bucket][place % Self.bucket] = key.mark
    }

    // MARK: growth

    /// Leaves out what says nothing any more, and grows if that is not enough and memory is left. The smallest shard
    /// is always granted, so that every limit works.
    private mutating func resize(_ quota: Quota, at time: LimitTime, _ loss: inout Loss) {
        let live = slots.filter { $0.key != .none && quota.load($0.state, at: time) > 0 }
        let larger = slots.isEmpty ? Self.smallest : slots.count * 2
        if slots.isEmpty {
            memory.take(Self.bytes(larger))
            rebuild(live, capacity: larger, &loss)
        } else if live.count <= slots.count / 2 {
            rebuild(live, capacity: slots.count, &loss)
        } else if memory.reserve(Self.bytes(larger - slots.count)) {
            rebuild(live, capacity: larger, &loss)
        } else {
            untilResize = slots.count
        }
    }

    private mutating func rebuild(_ live: [Slot], capacity: Int, _ loss: inout Loss) {
        slots = [Slot](repeating: Slot(), count: capacity)
        marks = [LimitMarks](repeating: LimitMarks(), count: capacity / Self.bucket)
        used = 0
        for slot in live {
            guard let place = emptyPlace(near: slot.key) else {
                loss = .liveEntry
                continue
            }
            slots[place].state = slot.state
            put(slot.key, at: place)
            used += 1
        }
        untilResize = max(1, capacity - capacity / 4 - used)
    }

    private func emptyPlace(near key: LimitKey) -> Int? {
        let (first, second) = buckets(of: key)
        let (left, right) = (emptyPlace(in: first), emptyPlace(in: second))
        guard let left, let right else { return left ?? right }
        return left % Self.bucket <= right % Self.bucket ? left : right
    }

    private func emptyPlace(in bucket: Int) -> Int? {
        marks[bucket].first(LimitMarks.empty) { _ in true }.map { bucket * Self.bucket + $0 }
    }

    private static func bytes(_ count: Int) -> Int {
        count * MemoryLayout<Slot>.stride + count / bucket * MemoryLayout<LimitMarks>.stride
    }
}
