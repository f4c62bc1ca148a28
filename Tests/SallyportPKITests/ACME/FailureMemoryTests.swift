import SallyportModel
import Testing

@testable import SallyportPKI

@Suite struct FailureMemoryTests {
    private let now: Int64 = 1_000_000
    private let names = ["a.test", "b.test"]

    private func pauses(_ reason: Reason, count: Int, share: Double = 0) -> [Int64] {
        var memory = FailureMemory()
        return (0..<count).map { _ in
            memory.failed(ACMEFailure(reason, "x"), names, at: now, share: share)
            return (memory.retryAt(names) ?? 0) - now
        }
    }

    @Test func pausesGrowUpToABound() {
        #expect(pauses(.acmeRefused, count: 12) == [60, 120, 240, 480, 960, 1920, 3840, 7680, 15360, 21600, 21600, 21600])
        #expect(pauses(.fetchUnreachable, count: 3) == [10, 20, 40])
        #expect(pauses(.acmeRefused, count: 100).last == 21_600)
    }

    /// Public authorities allow five failed validations of a name in an hour.
    @Test func failedValidationsStayBelowTheLimitOfTheHour() {
        var elapsed: Int64 = 0
        var attempts = 1
        for pause in pauses(.acmeValidationFailed, count: 10) where elapsed + pause < 3600 {
            elapsed += pause
            attempts += 1
        }
        #expect(attempts < 5)
    }

    @Test func upToAQuarterIsAddedByChance() {
        #expect(pauses(.acmeRefused, count: 1, share: 0.999) == [74])
        #expect(pauses(.acmeRefused, count: 1, share: 7) == [75])
    }

    @Test func theServersWordCountsWhenItIsLater() {
        var memory = FailureMemory()
        memory.failed(ACMEFailure(.acmeRateLimited, "x", retryAt: now + 90_000), names, at: now, share: 0)
        #expect(memory.retryAt(names) == now + 90_000)
        memory.succeeded(names)
        memory.failed(ACMEFailure(.acmeRateLimited, "x", retryAt: now + 1), names, at: now, share: 0)
        #expect(memory.retryAt(names) == now + 3600)
    }

    /// The names at fault hold up every certificate that has them, and no other.
    @Test func namesAreRememberedOneByOne() {
        var memory = FailureMemory()
        memory.failed(ACMEFailure(.acmeValidationFailed, "x", names: ["a.test"]), names, at: now, share: 0)
        #expect(memory.retryAt(["b.test"]) == nil)
        #expect(memory.retryAt(["a.test", "c.test"]) == now + 600)
        #expect(memory.last(names)?.code == Reason.acmeValidationFailed.name)
        memory.succeeded(["a.test"])
        #expect(memory.retryAt(names) == nil)
    }

    @Test func aChangeByTheOperatorShortensWhatItCanMend() {
        var memory = FailureMemory()
        memory.failed(ACMEFailure(.acmeTermsNotAgreed, "x"), ["a.test"], at: now, share: 0)
        memory.failed(ACMEFailure(.acmeRateLimited, "x"), ["b.test"], at: now, share: 0)
        memory.operatorActed(at: now)
        #expect(memory.retryAt(["a.test"]) == now + 10)
        #expect(memory.retryAt(["b.test"]) == now + 3600)
    }

    @Test func itSurvivesARestart() throws {
        var memory = FailureMemory()
        memory.failed(ACMEFailure(.acmeRefused, "line\nend"), names, at: now, share: 0.5)
        let text = Array(memory.json.pretty.utf8)
        #expect(FailureMemory(try JSONText.parse(text)) == memory)
    }

    @Test func nonsenseIsForgotten() throws {
        for text in ["[]", "{\"a\":1}", "{\"a\":{\"count\":0,\"retryAt\":1,\"code\":\"x\",\"words\":\"y\"}}"] {
            #expect(FailureMemory(try JSONText.parse(Array(text.utf8))) == FailureMemory())
        }
    }

    @Test func itDoesNotGrowWithoutEnd() {
        var memory = FailureMemory()
        for index in 0..<10_000 { memory.failed(ACMEFailure(.acmeRefused, "x"), ["\(index).test"], at: now, share: 0) }
        #expect(memory.retryAt(["4095.test"]) != nil)
        #expect(memory.retryAt(["4096.test"]) == nil)
    }
}
