/// So much in a day or month, UTC, by a sliding-window counter: the current window counts in full, the one before by
/// the part of it that a window ending now would still cover, rounded down. Nobody gets two quotas around midnight.
struct CalendarQuota: Sendable, Hashable {
    enum Unit: Sendable, Hashable { case day, month }

    let limit: UInt64
    let unit: Unit

    private static let nanoseconds: UInt64 = 1_000_000_000

    /// - Parameter limit: 1 … `maximum`.
    init(limit: UInt64, unit: Unit) {
        self.limit = min(max(1, limit), Self.maximum)
        self.unit = unit
    }

    /// Times the seconds of a month it is still a number of 64 bits.
    static let maximum: UInt64 = (1 << 42) - 1

    /// One of so many gateways that share it.
    func share(of count: UInt64) -> CalendarQuota {
        CalendarQuota(limit: limit / max(1, count), unit: unit)
    }

    func check(_ state: QuotaState, cost: UInt64, unix: Int64) -> QuotaCheck {
        let window = CalendarWindow(unit, at: unix)
        let counts = counts(state, in: window)
        let used = counts.current + counts.previous(in: window, at: unix)
        let needed = max(1, cost)
        let untilFull = seconds(from: unix, to: window.end)
        guard used <= limit, needed <= limit - used else {
            return QuotaCheck(
                isAdmitted: false, remaining: limit - min(limit, used), untilFull: untilFull,
                retryAfter: wait(counts, needed, window, unix), after: state)
        }
        return QuotaCheck(
            isAdmitted: true, remaining: limit - used - cost, untilFull: untilFull, retryAfter: 0,
            after: counts.adding(cost).state)
    }

    func charge(_ state: QuotaState, cost: UInt64, unix: Int64) -> QuotaState {
        counts(state, in: CalendarWindow(unit, at: unix)).adding(cost).state
    }

    /// What still counts.
    func load(_ state: QuotaState, unix: Int64) -> UInt64 {
        let counts = counts(state, in: CalendarWindow(unit, at: unix))
        return counts.current + counts.previous
    }

    // MARK: the 16 bytes

    /// The window's number in 32 bits, split over the upper 16 of both words; the counts in the lower 48.
    private struct Counts {
        var window: UInt32
        var current: UInt64
        var previous: UInt64

        private static let mask: UInt64 = (1 << 48) - 1

        init(window: UInt32, current: UInt64, previous: UInt64) {
            self.window = window
            self.current = current
            self.previous = previous
        }

        init(_ state: QuotaState) {
            window = UInt32(state.first >> 48) << 16 | UInt32(state.second >> 48)
            current = min(state.first & Self.mask, CalendarQuota.maximum)
            previous = min(state.second & Self.mask, CalendarQuota.maximum)
        }

        var state: QuotaState {
            QuotaState(first: UInt64(window >> 16) << 48 | current, second: UInt64(window & 0xffff) << 48 | previous)
        }

        func adding(_ cost: UInt64) -> Counts {
            let sum = min(CalendarQuota.maximum, current + min(cost, CalendarQuota.maximum))
            return Counts(window: window, current: sum, previous: previous)
        }

        func previous(in window: CalendarWindow, at unix: Int64) -> UInt64 {
            let left = UInt64(max(0, min(window.length, window.end - unix)))
            return previous * left / UInt64(window.length)
        }
    }

    /// As of now. A clock that was set back does not open a window again.
    private func counts(_ state: QuotaState, in window: CalendarWindow) -> Counts {
        let known = Counts(state)
        if known.window >= window.number { return known }
        let isNext = known.window + 1 == window.number
        return Counts(window: window.number, current: 0, previous: isNext ? known.current : 0)
    }

    /// Until the request fits: within this window, or when enough of it has slid out of the next.
    private func wait(_ counts: Counts, _ needed: UInt64, _ window: CalendarWindow, _ unix: Int64) -> UInt64 {
        guard needed <= limit else { return 0 }
        let room = limit - needed
        if counts.current <= room {
            return seconds(from: unix, to: window.moment(when: counts.previous, hasShrunkTo: room - counts.current))
        }
        let next = CalendarWindow(unit, at: window.end)
        return seconds(from: unix, to: next.moment(when: counts.current, hasShrunkTo: room))
    }

    private func seconds(from now: Int64, to then: Int64) -> UInt64 { UInt64(max(0, then - now)) * Self.nanoseconds }
}
