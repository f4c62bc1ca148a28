/// Peers that the gateway waits for, oldest first, up to a bound: for a handshake, a first request, a request's content.
///
/// Those that never finish must not keep others out. Beyond the bound the oldest gives way: whoever means to get
/// in is done long before it is the oldest, however many stall beside it.
struct BoundedWait<Peer> {
    /// Names a peer in here; counts up.
    struct Ticket: Hashable {
        fileprivate let number: UInt64
    }

    let capacity: Int
    private var waiting: [UInt64: Peer] = [:]
    /// Nothing older than this is in here.
    private var oldest: UInt64 = 0
    private var next: UInt64 = 0

    /// - Parameter capacity: At least 1.
    init(capacity: Int) {
        self.capacity = max(1, capacity)
    }

    var count: Int { waiting.count }

    /// Takes a peer in, and says which one has to go for it.
    mutating func add(_ peer: Peer) -> (ticket: Ticket, displaced: Peer?) {
        let displaced = waiting.count < capacity ? nil : removeOldest()
        let ticket = Ticket(number: next)
        waiting[next] = peer
        next += 1
        return (ticket, displaced)
    }

    /// The wait is over, one way or another. False when the peer had been displaced before.
    mutating func remove(_ ticket: Ticket) -> Bool {
        waiting.removeValue(forKey: ticket.number) != nil
    }

    /// Steps over every number once, so it costs little on the whole.
    private mutating func removeOldest() -> Peer? {
        while oldest < next {
            defer { oldest += 1 }
            if let found = waiting.removeValue(forKey: oldest) { return found }
        }
        return nil
    }
}
