import SallyportConfig
import Testing

@testable import SallyportBalance

private let second: Nanoseconds = 1_000_000_000

@Suite struct HealthTests {
    private let check = HealthCheck(path: "/healthz")

    /// What each answer changes.
    private func changes(_ health: inout ActiveHealth, _ answers: [Bool]) -> [ActiveHealth.Change?] {
        var changes: [ActiveHealth.Change?] = []
        for answer in answers { changes.append(health.record(isGood: answer, check)) }
        return changes
    }

    @Test func threeBadAnswersTakeDownAndTwoGoodOnesBringBack() {
        var health = ActiveHealth()
        let first = changes(&health, [true, false, false, true])
        #expect(first == [nil, nil, nil, nil], "a good one in between begins the count anew")
        let second = changes(&health, [false, false, false])
        #expect(second == [nil, nil, .down])
        let third = changes(&health, [true, false, true, true])
        #expect(third == [nil, nil, nil, .up])
    }

    @Test func whoeverNeverWorkedIsDownAtOnceAndUpAtOnce() {
        var health = ActiveHealth()
        let changes = changes(&health, [false, true, false])
        #expect(changes == [.down, .up, nil])
    }

    @Test func pausesAreJittered() {
        var random = SeededRandom(seed: 1)
        let pauses = (0..<100).map { _ in ActiveHealth.pause(check, random: &random) }
        #expect(pauses.allSatisfy { (9 * second...11 * second).contains($0) })
        #expect(Set(pauses).count > 90)
    }

    private func board(_ count: Int, _ ejection: Ejection = Ejection()) -> (UpstreamBoard, [EndpointRecord]) {
        let board = UpstreamBoard(name: "test", circuit: Circuit(), ejection: ejection)
        board.publish(places(count), now: 0)
        return (board, board.endpoints().map(\.1))
    }

    private func fail(_ board: UpstreamBoard, _ record: EndpointRecord, times: Int, now: Nanoseconds) -> UpstreamBoard.Ejected? {
        (0..<times).compactMap { _ in board.failed(record, .reset, now: now) }.first
    }

    @Test func failuresInARowEject() throws {
        let (board, records) = board(4)
        #expect(fail(board, records[0], times: 4, now: 0) == nil)
        records[0].succeeded()
        #expect(fail(board, records[0], times: 4, now: 0) == nil, "a success begins the count anew")
        let ejected = try #require(board.failed(records[0], .status(503), now: 0))
        #expect(ejected.seconds == 30 && ejected.key == places(4)[0].key)
        #expect(!records[0].view(now: 29 * second).isHealthy)
        #expect(records[0].view(now: 30 * second).isHealthy)
    }

    @Test func ejectionsGetLongerAndAreForgiven() {
        let (board, records) = board(4)
        #expect(fail(board, records[0], times: 5, now: 0)?.seconds == 30)
        #expect(fail(board, records[0], times: 5, now: 31 * second)?.seconds == 60)
        #expect(fail(board, records[0], times: 5, now: 92 * second)?.seconds == 90)
        #expect(fail(board, records[0], times: 5, now: 1000 * second)?.seconds == 30)
    }

    @Test func noMoreThanTheShareIsEjectedAndNeverTheOnlyOne() {
        let (board, records) = board(4)
        let gone = records.map { fail(board, $0, times: 5, now: 0) != nil }
        #expect(gone == [true, true, false, false])
        let (single, only) = self.board(1)
        #expect(fail(single, only[0], times: 50, now: 0) == nil)
        let (pair, two) = self.board(2, Ejection(atMost: Share(percent: 10)))
        #expect(fail(pair, two[0], times: 5, now: 0) != nil, "one always may go")
    }

    @Test func onlyWhatTheFileNamesCounts() {
        let (board, records) = board(3, Ejection(after: 2, on: [.status(500)]))
        #expect(fail(board, records[0], times: 10, now: 0) == nil)
        #expect([0, 0].compactMap { _ in board.failed(records[0], .status(500), now: 0) }.count == 1)
        let (never, others) = self.board(3, Ejection(after: 0))
        #expect(fail(never, others[0], times: 100, now: 0) == nil)
    }

    @Test func knowledgeOutlivesNewSettings() {
        let (board, records) = board(3)
        _ = fail(board, records[1], times: 5, now: 0)
        records[2].setUp(false, now: 0)
        board.publish([places(3)[1], places(3)[2], place(9)], now: 5 * second)
        let now = board.endpoints().map(\.1)
        #expect(now[0] === records[1] && !now[0].view(now: 6 * second).isHealthy)
        #expect(now[1] === records[2] && !now[1].isUp)
        #expect(now[2].view(now: 6 * second).since == 5 * second, "a newcomer starts slowly")
    }

    @Test func whoComesBackStartsSlowly() {
        let (_, records) = board(2)
        records[0].setUp(false, now: second)
        records[0].setUp(true, now: 9 * second)
        #expect(records[0].view(now: 10 * second).since == 9 * second)
        #expect(records[1].view(now: 10 * second).since == .min)
    }
}
