import Testing

@testable import SallyportLimits

@Suite struct PaceTests {
    static let second: UInt64 = 1_000_000_000

    /// More demand than there is for some time: exactly the burst and what came back meanwhile is admitted, whatever
    /// the rate divides into.
    @Test(arguments: [
        (amount: 100, period: second, burst: 200), (amount: 300, period: second, burst: 3),
        (amount: 7, period: second, burst: 1),
        (amount: 1_000, period: 60 * second, burst: 1), (amount: 999_983, period: second, burst: 17),
        (amount: 3, period: 3_600 * second, burst: 3), (amount: 10_485_760, period: second, burst: 5),
    ] as [(amount: UInt64, period: UInt64, burst: UInt64)])
    func admitsExactlyTheFormula(amount: UInt64, period: UInt64, burst: UInt64) {
        let pace = Pace(amount: amount, period: period, burst: burst)
        var state = QuotaState()
        var admitted: UInt64 = 0
        let start: UInt64 = 1_234_567_890_123
        let steps: UInt64 = 20_000
        // Steps of a prime number of nanoseconds, about ten for each token.
        let step = max(1, period / amount / 10) | 1
        for tick in 0...steps {
            let now = start + tick * step
            while true {
                let check = pace.check(state, cost: 1, now: now)
                state = check.after
                guard check.isAdmitted else { break }
                admitted += 1
            }
            let back = (tick * step).multipliedFullWidth(by: amount)
            #expect(admitted == burst + period.dividingFullWidth(back).quotient)
            if admitted != burst + period.dividingFullWidth(back).quotient { return }
        }
    }

    @Test func retryAfterIsTheFirstMomentThatWorks() {
        let pace = Pace(amount: 3, period: Self.second, burst: 2)
        var state = pace.charge(QuotaState(), cost: 2, now: 500)
        let check = pace.check(state, cost: 1, now: 700)
        #expect(!check.isAdmitted)
        #expect(!pace.check(state, cost: 1, now: 700 + check.retryAfter - 1).isAdmitted)
        let later = pace.check(state, cost: 1, now: 700 + check.retryAfter)
        #expect(later.isAdmitted)
        state = later.after
        #expect(!pace.check(state, cost: 1, now: 700 + check.retryAfter).isAdmitted)
    }

    @Test func saysWhatIsLeft() {
        let pace = Pace(amount: 10, period: Self.second, burst: 5)
        var state = QuotaState()
        var left: [UInt64] = []
        for _ in 0..<5 {
            let check = pace.check(state, cost: 1, now: 100)
            left.append(check.remaining)
            state = check.after
        }
        #expect(left == [4, 3, 2, 1, 0])
        #expect(pace.check(state, cost: 1, now: 100).untilFull == Self.second / 2)
        #expect(pace.check(state, cost: 1, now: 100 + Self.second / 2).remaining == 4)
    }

    /// Bytes are counted when they have passed: a caller is let in while anything is left, and pays its debt later.
    @Test func debtIsPaidBeforeTheNextRequest() {
        let pace = Pace(amount: 1000, period: Self.second, burst: 1000)
        var state = QuotaState()
        let first = pace.check(state, cost: 0, now: 0)
        #expect(first.isAdmitted)
        #expect(first.remaining == 1000)
        state = pace.charge(first.after, cost: 3000, now: 0)
        #expect(!pace.check(state, cost: 0, now: 2 * Self.second).isAdmitted)
        #expect(pace.check(state, cost: 0, now: 2 * Self.second + 1_000_000).isAdmitted)
    }

    @Test func theGreatestNumbersDoNotTrap() {
        let pace = Pace(amount: 1, period: .max, burst: .max)
        let state = pace.charge(QuotaState(first: .max, second: 0), cost: .max, now: .max)
        let check = pace.check(state, cost: .max, now: .max)
        #expect(check.after.first == .max)
        #expect(Pace(amount: .max, period: 1, burst: .max).check(QuotaState(), cost: .max, now: 7).isAdmitted)
    }

    @Test func aShareIsAPartOfTheRate() {
        let third = Pace(amount: 100, period: Self.second, burst: 200).share(of: 3)
        #expect(third.burst == 66)
        let state = third.charge(QuotaState(), cost: 66, now: 0)
        #expect(!third.check(state, cost: 1, now: 29_999_999).isAdmitted)
        #expect(third.check(state, cost: 1, now: 30_000_000).isAdmitted)
    }
}
