import Testing

@testable import SallyportLimits

@Suite struct CalendarQuotaTests {
    /// 2026-11-23 00:00 UTC.
    static let monday: Int64 = 1_795_392_000

    /// Expected values are those of GNU date.
    @Test(arguments: [
        (0, 0, 2_678_400), (951_782_400, 949_363_200, 951_868_800), (1_795_392_000, 1_793_491_200, 1_796_083_200),
        (1_798_761_599, 1_796_083_200, 1_798_761_600), (4_107_542_400, 4_107_542_400, 4_110_220_800),
    ] as [(Int64, Int64, Int64)])
    func monthsAreThoseOfTheCalendar(unix: Int64, start: Int64, end: Int64) {
        let window = CalendarWindow(.month, at: unix)
        #expect(window.start == start)
        #expect(window.end == end)
    }

    @Test func windowsFollowEachOtherWithoutGaps() {
        for unit in [CalendarQuota.Unit.day, .month] {
            var window = CalendarWindow(unit, at: 0)
            for _ in 0..<5000 {
                let next = CalendarWindow(unit, at: window.end)
                #expect(next.start == window.end)
                #expect(next.number == window.number + 1)
                #expect(CalendarWindow(unit, at: window.end - 1) == window)
                window = next
            }
        }
    }

    @Test func theDayBeforeCountsInPart() {
        let quota = CalendarQuota(limit: 100, unit: .day)
        let used = quota.charge(QuotaState(), cost: 100, unix: Self.monday + 86_399)
        // At noon half of the day before still counts.
        let noon = quota.check(used, cost: 1, unix: Self.monday + 86_400 + 43_200)
        #expect(noon.isAdmitted)
        #expect(noon.remaining == 49)
        // Two days later nothing does.
        #expect(quota.check(used, cost: 1, unix: Self.monday + 3 * 86_400).remaining == 99)
    }

    @Test func admitsExactlyTheLimitInOneWindow() {
        let quota = CalendarQuota(limit: 1000, unit: .month)
        var state = QuotaState()
        var admitted = 0
        for second in stride(from: Int64(0), to: 600_000, by: 300) {
            let check = quota.check(state, cost: 1, unix: Self.monday + second)
            admitted += check.isAdmitted ? 1 : 0
            state = check.after
        }
        #expect(admitted == 1000)
    }

    @Test(arguments: [(1, 1), (100, 1), (100, 7), (1_000_000, 999)] as [(UInt64, UInt64)])
    func retryAfterIsTheFirstSecondThatWorks(limit: UInt64, cost: UInt64) {
        for unit in [CalendarQuota.Unit.day, .month] {
            let quota = CalendarQuota(limit: max(limit, cost), unit: unit)
            let noon = Self.monday + 43_200
            for (now, used) in [(noon, limit), (Self.monday + 86_399, limit), (Self.monday, limit / 2 + 1)] {
                let earlier = quota.charge(QuotaState(), cost: used, unix: CalendarWindow(unit, at: now).start - 1)
                let state = quota.charge(earlier, cost: used, unix: now)
                let check = quota.check(state, cost: cost, unix: now)
                guard !check.isAdmitted else { continue }
                let wait = Int64(check.retryAfter / 1_000_000_000)
                #expect(quota.check(state, cost: cost, unix: now + wait).isAdmitted)
                #expect(!quota.check(state, cost: cost, unix: now + wait - 1).isAdmitted)
            }
        }
    }

    /// Somebody who can set the clock back must not get a second quota.
    @Test func aClockThatGoesBackOpensNothing() {
        let quota = CalendarQuota(limit: 10, unit: .day)
        let state = quota.charge(QuotaState(), cost: 10, unix: Self.monday + 5)
        #expect(!quota.check(state, cost: 1, unix: Self.monday - 5).isAdmitted)
        #expect(!quota.check(state, cost: 1, unix: -5).isAdmitted)
    }

    @Test func theGreatestNumbersDoNotTrap() {
        let quota = CalendarQuota(limit: .max, unit: .month)
        let state = quota.charge(QuotaState(), cost: .max, unix: .max)
        #expect(!quota.check(state, cost: 1, unix: .max).isAdmitted)
        #expect(quota.check(QuotaState(first: .max, second: .max), cost: .max, unix: Self.monday).retryAfter == 0)
    }
}
