import Logging
import Synchronization
import Testing

@testable import SallyportProxy

/// Renewal with a clock, chance and failures of our own.
@Suite struct CertificateRenewalTests {
    private static let day: Int64 = 86_400
    private static let start: Int64 = 1_800_000_000

    /// A certificate of a day in a world whose clock can be set.
    private final class World: Sendable {
        struct State {
            var now = CertificateRenewalTests.start
            var term = RenewalTerm(
                notBefore: CertificateRenewalTests.start, notAfter: CertificateRenewalTests.start + day, jitter: 0)
            var renewedAt: [Int64] = []
            var attempts: [Int64] = []
            var failuresLeft = 0
            var looksLeft: Int
            /// Jumps: at this look the clock moves by so much.
            var jumps: [Int: Int64] = [:]
            var looks = 0
        }
        struct Broken: Error {}
        struct Over: Error {}
        let state: Mutex<State>

        init(looks: Int, failures: Int = 0, jumps: [Int: Int64] = [:]) {
            state = Mutex(State(failuresLeft: failures, looksLeft: looks, jumps: jumps))
        }

        var renewal: CertificateRenewal {
            CertificateRenewal(
                terms: { self.state.withLock { [$0.term] } }, renew: { try self.renew() },
                now: { self.state.withLock { $0.now } }, sleep: { try self.sleep($0) }, chance: { 0.5 },
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        }

        private func sleep(_ pause: Duration) throws {
            try state.withLock { state in
                guard state.looks < state.looksLeft else { throw Over() }
                state.looks += 1
                state.now += max(1, pause.components.seconds) + (state.jumps[state.looks] ?? 0)
            }
        }

        private func renew() throws {
            try state.withLock { state in
                state.attempts.append(state.now)
                guard state.failuresLeft == 0 else {
                    state.failuresLeft -= 1
                    throw Broken()
                }
                state.renewedAt.append(state.now)
                state.term = RenewalTerm(notBefore: state.now - 300, notAfter: state.now + day, jitter: 0.5)
            }
        }
    }

    @Test func dueAtTwoThirdsOrSomewhatEarlier() {
        for jitter in stride(from: 0.0, through: 1.0, by: 0.1) {
            let term = RenewalTerm(notBefore: 0, notAfter: 86_400, jitter: jitter)
            #expect((48_960...57_600).contains(term.due))
            #expect(!term.isDue(at: term.due - 1) && term.isDue(at: term.due) && !term.isDue(at: 0))
        }
        #expect(RenewalTerm(notBefore: 0, notAfter: 86_400, jitter: 0).isDue(at: -1), "the clock was set back")
    }

    @Test func renewsForEver() async {
        let world = World(looks: 30 * 2880)
        await world.renewal.run()
        let renewed = world.state.withLock { $0.renewedAt }
        #expect((40...55).contains(renewed.count), "\(renewed.count) times in 30 days")
        for (one, next) in zip(renewed, renewed.dropFirst()) { #expect(next - one < 86_400 * 7 / 10) }
    }

    @Test(arguments: [-40, 40]) func clockThatJumpsFortyDays(_ days: Int64) async {
        let world = World(looks: 20, jumps: [10: days * Self.day])
        await world.renewal.run()
        let (renewed, jump) = world.state.withLock { ($0.renewedAt, Self.start + 10 * 30 + days * Self.day) }
        #expect(renewed.count == 1)
        #expect(renewed.allSatisfy { abs($0 - jump) <= 60 }, "at the next look, not at the old time")
    }

    @Test func failuresAreRetriedWithPausesThatGrowAndNeverEnd() async {
        let world = World(looks: 3000, failures: 500, jumps: [1: Self.day])
        await world.renewal.run()
        let (attempts, renewed) = world.state.withLock { ($0.attempts, $0.renewedAt) }
        #expect(attempts.count > 500 && !renewed.isEmpty, "it did not give up")
        let pauses = zip(attempts, attempts.dropFirst()).map { $1 - $0 }.prefix(499)
        #expect(pauses.prefix(4) == [1, 2, 4, 8])
        #expect(pauses.max() == 300 && pauses.last == 300)
    }

    @Test func endsWhenItIsTold() async {
        let world = World(looks: 0)
        await world.renewal.run()
        #expect(world.state.withLock { $0.attempts.isEmpty })
    }
}
