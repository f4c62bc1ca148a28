/// Deadlines of many things on one ring of slots: setting, moving and removing one costs the same whatever their number,
/// and the passing of time costs only what is due (Varghese and Lauck, "Hashed and hierarchical timing wheels").
///
/// An entry is a note to look, not the deadline itself: deadlines are values of those who have them, and move back all
/// the time without anybody telling the wheel. Whoever is looked at says when to look again. Only a deadline that is
/// earlier than the note has to be told. What lies beyond the ring is looked at when the ring ends, and set again.
package struct TimingWheel<Element> {
    /// Names an entry while it is in the wheel.
    package struct Entry: Hashable, Sendable {
        fileprivate let index: Int
    }

    private struct Node {
        var element: Element?
        /// The tick at which to look.
        var tick: UInt64 = 0
        var previous = -1
        var next = -1
    }

    /// Nanoseconds.
    private let tickLength: UInt64
    private var slots: [Int]
    private var nodes: [Node] = []
    private var free: [Int] = []
    /// Everything before it has been looked at.
    private var currentTick: UInt64

    /// - Parameters:
    ///   - tickLength: Nanoseconds; things are looked at late by at most this.
    ///   - slots: The ring is so many ticks long.
    ///   - now: Nanoseconds of a clock that does not go back.
    package init(tickLength: UInt64, slots: Int, now: UInt64) {
        self.tickLength = max(1, tickLength)
        self.slots = [Int](repeating: -1, count: max(2, slots))
        currentTick = now / self.tickLength
    }

    package var count: Int { nodes.count - free.count }

    /// Looks at the element when `deadline` has passed.
    package mutating func add(_ element: Element, deadline: UInt64) -> Entry {
        let index = free.popLast() ?? nodes.count
        if index == nodes.count { nodes.append(Node()) }
        nodes[index].element = element
        link(index, tick(of: deadline))
        return Entry(index: index)
    }

    package mutating func remove(_ entry: Entry) {
        guard nodes.indices.contains(entry.index), nodes[entry.index].element != nil else { return }
        unlink(entry.index)
        nodes[entry.index].element = nil
        free.append(entry.index)
    }

    /// Looks at the latest at `deadline`; without effect when it looks earlier anyway.
    package mutating func bringForward(_ entry: Entry, to deadline: UInt64) {
        let tick = tick(of: deadline)
        guard nodes.indices.contains(entry.index), nodes[entry.index].element != nil, tick < nodes[entry.index].tick
        else { return }
        unlink(entry.index)
        link(entry.index, tick)
    }

    /// Takes out of the ring what is due. Each has to be set again with `set`, or removed.
    package mutating func due(at now: UInt64) -> [(Entry, Element)] {
        let last = now / tickLength
        guard last > currentTick else { return [] }
        var found: [(Entry, Element)] = []
        // After a long pause each slot is seen once.
        let steps = min(last - currentTick, UInt64(slots.count))
        for offset in 0..<steps { collect(slot(currentTick + offset), before: last, into: &found) }
        currentTick = last
        return found
    }

    /// Sets the next look of an entry that was due.
    package mutating func set(_ entry: Entry, deadline: UInt64) {
        guard nodes.indices.contains(entry.index), nodes[entry.index].element != nil else { return }
        unlink(entry.index)
        link(entry.index, tick(of: deadline))
    }

    private mutating func collect(_ slot: Int, before end: UInt64, into found: inout [(Entry, Element)]) {
        var index = slots[slot]
        while index >= 0 {
            let next = nodes[index].next
            if nodes[index].tick < end, let element = nodes[index].element {
                unlink(index)
                found.append((Entry(index: index), element))
            }
            index = next
        }
    }

    /// The first tick that lies wholly behind the deadline when it is over; never past, never beyond the ring.
    private func tick(of deadline: UInt64) -> UInt64 {
        min(max(deadline / tickLength, currentTick), currentTick + UInt64(slots.count - 1))
    }

    private func slot(_ tick: UInt64) -> Int { Int(tick % UInt64(slots.count)) }

    private mutating func link(_ index: Int, _ tick: UInt64) {
        let slot = slot(tick)
        nodes[index].tick = tick
        nodes[index].previous = -1
        nodes[index].next = slots[slot]
        if slots[slot] >= 0 { nodes[slots[slot]].previous = index }
        slots[slot] = index
    }

    private mutating func unlink(_ index: Int) {
        let node = nodes[index]
        guard node.previous >= 0 || slots[slot(node.tick)] == index else { return }
        if node.previous >= 0 { nodes[node.previous].next = node.next } else { slots[slot(node.tick)] = node.next }
        if node.next >= 0 { nodes[node.next].previous = node.previous }
        nodes[index].previous = -1
        nodes[index].next = -1
    }
}
