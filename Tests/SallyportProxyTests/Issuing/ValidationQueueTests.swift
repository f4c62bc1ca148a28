import Testing

@testable import SallyportProxy

@Suite struct ValidationQueueTests {
    /// Thousands of looks for one account do not keep another account waiting for all of them.
    @Test func accountsTakeTurns() async {
        let queue = ValidationQueue(most: 1)
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let (done, finished) = AsyncStream.makeStream(of: String.self)
        await queue.run(for: "greedy") { for await _ in gate {} }
        for number in 0..<100 { await queue.run(for: "greedy") { finished.yield("greedy \(number)") } }
        for number in 0..<2 { await queue.run(for: "modest") { finished.yield("modest \(number)") } }
        open.finish()
        var seen: [String] = []
        for await one in done {
            seen.append(one)
            if seen.count == 102 { break }
        }
        #expect(seen.prefix(5) == ["greedy 0", "modest 0", "greedy 1", "modest 1", "greedy 2"])
        #expect(seen.last == "greedy 99")
    }

    @Test func noMoreRunThanAreAllowed() async {
        let queue = ValidationQueue(most: 3)
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let (began, begins) = AsyncStream.makeStream(of: Int.self)
        let (done, finished) = AsyncStream.makeStream(of: Int.self)
        for number in 0..<4 {
            await queue.run(for: "account \(number)") {
                begins.yield(number)
                if number < 3 { for await _ in gate {} }
                finished.yield(number)
            }
        }
        var running: Set<Int> = []
        for await number in began {
            running.insert(number)
            if running.count == 3 { break }
        }
        #expect(running == [0, 1, 2])
        open.finish()
        var ended: Set<Int> = []
        for await number in done {
            ended.insert(number)
            if ended.count == 4 { break }
        }
        #expect(ended == [0, 1, 2, 3])
    }
}
