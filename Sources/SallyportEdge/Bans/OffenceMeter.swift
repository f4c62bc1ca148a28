/// Who is refused so often that it is banned.
///
/// The number of refusals within a time is the sliding estimate of two windows. Bounded: when the table is full the one
/// with the least against it, of a few, is forgotten. Times are nanoseconds of a clock that does not go back.
package struct OffenceMeter: Sendable {
    package struct Rules: Sendable, Hashable {
        /// Refusals within a time, in nanoseconds.
        let after: Int
        let within: UInt64
        /// Seconds of a first ban.
        let length: Int64

        /// - Parameters:
        ///   - after: At least 1.
        ///   - within: Nanoseconds, at least 1.
        ///   - length: Seconds, at least 1.
        package init(after: Int, within: UInt64, length: Int64) {
            self.after = max(1, after)
            self.within = max(1, within)
            self.length = max(1, length)
        }
    }

    /// A ban to be.
    package struct Sentence: Sendable, Equatable {
        package let seconds: Int64
        /// How often in a row, this one included.
        package let times: Int
        package let offences: Int

        package init(seconds: Int64, times: Int, offences: Int) {
            self.seconds = seconds
            self.times = times
            self.offences = offences
        }
    }

    fileprivate struct Record {
        let subject: BanSubject
        var windowStart: UInt64
        var count = 0
        var before = 0
        var times = 0
        /// Until then a further ban is longer than the one before.
        var rememberedUntil: UInt64 = 0
    }

    /// Seconds.
    package static let longest: Int64 = 86_400
    private static let second: UInt64 = 1_000_000_000
    private static let sample = 16

    private let capacity: Int
    private var places: [BanSubject: Int] = [:]
    private var records: [Record] = []
    private var hand = 0

    package init(capacity: Int = 16_384) {
        self.capacity = max(1, capacity)
    }

    package var count: Int { records.count }

    /// A refusal that the client itself has caused. Not nil when it is to be banned for it.
    package mutating func note(_ subject: BanSubject, _ rules: Rules, at now: UInt64) -> Sentence? {
        let place = place(of: subject, at: now)
        let offences = records[place].add(rules, at: now)
        guard offences >= rules.after else { return nil }
        return sentence(place, rules, offences, at: now)
    }

    /// A ban from before this process began.
    ///
    /// - Parameter secondsLeft: Until it ends.
    package mutating func remember(_ subject: BanSubject, times: Int, secondsLeft: Int64, at now: UInt64) {
        let place = place(of: subject, at: now)
        records[place].times = max(1, times)
        records[place].rememberedUntil = Self.memory(after: secondsLeft, from: now)
    }

    /// An operator has lifted the ban: what was before does not count any more.
    package mutating func forgive(_ subject: BanSubject) {
        guard let place = places[subject] else { return }
        records[place] = Record(subject: subject, windowStart: 0)
    }

    private mutating func sentence(_ place: Int, _ rules: Rules, _ offences: Int, at now: UInt64) -> Sentence {
        let times = (now < records[place].rememberedUntil ? records[place].times : 0) + 1
        let doubled = rules.length.multipliedReportingOverflow(by: 1 << Int64(min(times - 1, 20)))
        let seconds = max(rules.length, min(Self.longest, doubled.overflow ? Self.longest : doubled.partialValue))
        records[place].times = times
        records[place].rememberedUntil = Self.memory(after: seconds, from: now)
        (records[place].count, records[place].before) = (0, 0)
        return Sentence(seconds: seconds, times: times, offences: offences)
    }

    /// A day without a ban makes up for those before.
    private static func memory(after seconds: Int64, from now: UInt64) -> UInt64 {
        let bounded = min(max(0, seconds), 400 * longest) + longest
        return now &+ UInt64(bounded) &* second
    }

    // MARK: places

    private mutating func place(of subject: BanSubject, at now: UInt64) -> Int {
        if let known = places[subject] { return known }
        let record = Record(subject: subject, windowStart: now)
        guard records.count >= capacity else {
            records.append(record)
            places[subject] = records.count - 1
            return records.count - 1
        }
        let place = leastGuilty(at: now)
        places[records[place].subject] = nil
        records[place] = record
        places[subject] = place
        return place
    }

    private mutating func leastGuilty(at now: UInt64) -> Int {
        let candidates = (0..<min(Self.sample, records.count)).map { (hand + $0) % records.count }
        hand = (hand + candidates.count) % records.count
        return candidates.min { records[$0].weight(at: now) < records[$1].weight(at: now) } ?? 0
    }
}

extension OffenceMeter.Record {
    /// - Returns: how many there were within the time.
    fileprivate mutating func add(_ rules: OffenceMeter.Rules, at now: UInt64) -> Int {
        let elapsed = now > windowStart ? now - windowStart : 0
        let windows = elapsed / rules.within
        if windows > 0 {
            before = windows == 1 ? count : 0
            count = 0
            windowStart += windows * rules.within
        }
        count += 1
        let share = Double(rules.within - elapsed % rules.within) / Double(rules.within)
        return count + Int(Double(before) * share)
    }

    fileprivate func weight(at now: UInt64) -> (Int, Int) {
        (now < rememberedUntil ? times : 0, count + before)
    }
}
