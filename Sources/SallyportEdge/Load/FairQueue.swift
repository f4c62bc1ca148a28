/// Who may go next when only so many can go at a time: those that wait are served in turn by whose they are, so that
/// one client with a thousand requests delays another's first by one place.
///
/// Bounded in number and in time. Times are nanoseconds of a clock that does not go back.
package struct FairQueue<Key: Hashable, Element> {
    package enum Entrance {
        case go
        case wait(Ticket)
        /// Too many wait already.
        case full
    }

    package struct Ticket: Hashable, Sendable {
        fileprivate let number: UInt64
    }

    private struct Waiting {
        let number: UInt64
        let element: Element
        let until: UInt64
    }

    private let capacity: Int
    private let patience: UInt64
    /// How many may go at a time.
    package var limit: Int
    /// How many are on their way.
    private(set) package var active = 0
    private var lanes: [Key: [Waiting]] = [:]
    /// Keys with somebody waiting, whose turn it is first.
    private var turns: [Key] = []
    private var keys: [UInt64: Key] = [:]
    private var next: UInt64 = 0

    /// - Parameters:
    ///   - capacity: How many may wait.
    ///   - patience: How long each may wait, in nanoseconds.
    package init(limit: Int, capacity: Int, patience: UInt64) {
        self.limit = max(1, limit)
        self.capacity = capacity
        self.patience = patience
    }

    package var waiting: Int { keys.count }

    /// One more wants to go. `go` and each element that `leave` returns has to `leave` once.
    package mutating func enter(_ element: @autoclosure () -> Element, as key: Key, at now: UInt64) -> Entrance {
        if active < limit, keys.isEmpty {
            active += 1
            return .go
        }
        guard keys.count < capacity, (lanes[key]?.count ?? 0) < max(1, capacity / 2) else { return .full }
        let number = next
        next += 1
        if lanes[key] == nil { turns.append(key) }
        lanes[key, default: []].append(Waiting(number: number, element: element(), until: now + patience))
        keys[number] = key
        return .wait(Ticket(number: number))
    }

    /// Somebody is done. Returns those who may go now.
    package mutating func leave() -> [Element] {
        active = max(0, active - 1)
        return admit()
    }

    /// More may go than before, perhaps.
    package mutating func admit() -> [Element] {
        guard !keys.isEmpty else { return [] }
        var admitted: [Element] = []
        while active < limit, let element = popFirst() {
            active += 1
            admitted.append(element)
        }
        return admitted
    }

    /// Somebody does not want to wait any more. False when it does not wait.
    package mutating func withdraw(_ ticket: Ticket) -> Bool {
        guard let key = keys.removeValue(forKey: ticket.number) else { return false }
        lanes[key]?.removeAll { $0.number == ticket.number }
        drop(key)
        return true
    }

    /// Takes out those who have waited too long.
    package mutating func expired(at now: UInt64) -> [Element] {
        guard !keys.isEmpty else { return [] }
        var gone: [Element] = []
        for key in turns {
            guard let lane = lanes[key], let first = lane.first, first.until <= now else { continue }
            for waiting in lane where waiting.until <= now {
                keys[waiting.number] = nil
                gone.append(waiting.element)
            }
            lanes[key] = lane.filter { $0.until > now }
        }
        turns.removeAll { key in
            guard lanes[key]?.isEmpty == true else { return false }
            lanes[key] = nil
            return true
        }
        return gone
    }

    private mutating func popFirst() -> Element? {
        guard let key = turns.first else { return nil }
        turns.removeFirst()
        guard let first = lanes[key]?.removeFirst() else { return nil }
        keys[first.number] = nil
        if lanes[key]?.isEmpty == true { lanes[key] = nil } else { turns.append(key) }
        return first.element
    }

    private mutating func drop(_ key: Key) {
        guard lanes[key]?.isEmpty == true else { return }
        lanes[key] = nil
        turns.removeAll { $0 == key }
    }
}
