import Testing

@testable import SallyportProxy

@Suite struct ListScheduleTests {
    @Test func aFileIsLookedAtAgainSoonHoweverOftenItWasBroken() {
        for failures in [1, 2, 10, 1000] {
            #expect(ListSchedule.retry(after: failures, from: .file("a.crl"), at: 100) == 110)
        }
    }

    @Test func aServerIsGivenMoreTimeWithEachFailureUpToAnHour() {
        let url = "http://pki.test/a.crl"
        let pauses = [1, 2, 3, 10, 1000].map { failures in
            ListSchedule.retry(after: failures, from: .url(url), at: 100, jitter: 1...1) - 100
        }
        #expect(pauses == [5, 10, 20, 2560, 3600])
    }
}
