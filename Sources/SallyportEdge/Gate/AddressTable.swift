/// What is known of addresses, bounded in number.
///
/// A full table gives up addresses without open connections, those first that did not come back (a clock hand with a
/// second chance). To flood the table must not be a way to lose a bad record: as long as records are given up before
/// their time, unknown addresses begin with one token in place of a full bucket. The limits get tighter, not off.
struct AddressTable: Sendable {
    struct Record: Sendable {
        fileprivate(set) var key: AddressKey
        var open = 0
        var connections: RateBucket
        var handshakes: RateBucket
        /// Good handshakes were seen until shortly before.
        var goodUntil: UInt64 = 0
        fileprivate var cameBack = false
    }

    let capacity: Int
    private var places: [AddressKey: Int] = [:]
    private var records: [Record] = []
    private var hand = 0
    private var crowdedUntil: UInt64 = 0
    /// Records that were given up while they still said something.
    private(set) var givenUpEarly = 0

    /// Steps of the hand for one new address.
    private static let patience = 64
    private static let crowding: UInt64 = 10_000_000_000

    /// - Parameter capacity: At least 1.
    init(capacity: Int) {
        self.capacity = max(1, capacity)
    }

    var count: Int { records.count }

    func isCrowded(at now: UInt64) -> Bool { now < crowdedUntil }

    /// Where the address stands; made if need be. Nil when the table is full of addresses with open connections.
    mutating func place(
        of key: AddressKey, at now: UInt64, connections: RateBucket.Rate, handshakes: RateBucket.Rate
    ) -> Int? {
        if let known = places[key] {
            records[known].cameBack = true
            return known
        }
        let record =
            isCrowded(at: now)
            ? Record(
                key: key, connections: RateBucket(nearlyEmptyAt: now, connections),
                handshakes: RateBucket(nearlyEmptyAt: now, handshakes))
            : Record(key: key, connections: RateBucket(), handshakes: RateBucket())
        guard let place = freePlace(at: now) else { return nil }
        if place == records.count { records.append(record) } else { records[place] = record }
        places[key] = place
        return place
    }

    func place(of key: AddressKey) -> Int? { places[key] }

    subscript(place: Int) -> Record {
        get { records[place] }
        _modify { yield &records[place] }
    }

    private mutating func freePlace(at now: UInt64) -> Int? {
        guard records.count >= capacity else { return records.count }
        for _ in 0..<min(Self.patience, 2 * capacity) {
            defer { hand = (hand + 1) % records.count }
            guard records[hand].open == 0 else { continue }
            if records[hand].cameBack {
                records[hand].cameBack = false
            } else {
                giveUp(records[hand], at: now)
                return hand
            }
        }
        return nil
    }

    private mutating func giveUp(_ record: Record, at now: UInt64) {
        places[record.key] = nil
        guard !record.connections.isFull(at: now) || !record.handshakes.isFull(at: now) else { return }
        givenUpEarly += 1
        crowdedUntil = now + Self.crowding
    }
}
