import NIOCore
import NIOEmbedded
import SallyportModel
import Testing

@testable import SallyportCluster

@Suite struct ClusterConnectionTests {
    /// A connection without a network, and what came of its commands.
    final class World {
        let channel = EmbeddedChannel()
        let connection: ClusterConnection
        private(set) var results: [Result<RESPValue, ClusterFailure>] = []
        private(set) var ends: [ClusterFailure] = []

        init() throws {
            var end: (ClusterFailure) -> Void = { _ in }
            connection = ClusterConnection { end($0) }
            end = { [unowned self] in ends.append($0) }
            try channel.pipeline.syncOperations.addHandler(connection)
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 6379)).wait()
        }

        func send(_ words: String..., within time: TimeAmount = .seconds(1)) {
            connection.send(RESPCommand(words.map { Array($0.utf8) }), within: time) { [unowned self] in
                results.append($0)
            }
        }

        func receive(_ text: String) throws { try channel.writeInbound(ByteBuffer(string: text)) }

        func sent() throws -> String {
            channel.embeddedEventLoop.run()
            var text = ""
            while let bytes = try channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: bytes) }
            return text
        }
    }

    @Test func repliesFindTheirCommands() throws {
        let world = try World()
        world.send("GET", "a")
        world.send("GET", "b")
        #expect(try world.sent() == "*2\r\n$3\r\nGET\r\n$1\r\na\r\n*2\r\n$3\r\nGET\r\n$1\r\nb\r\n")
        try world.receive(":1\r\n>1\r\n+news\r\n-ERR no")
        #expect(world.results == [.success(.integer(1))])
        try world.receive("\r\n")
        #expect(world.results.last == .failure(ClusterFailure(.clusterCommandRefused, "ERR no")))
        #expect(world.ends.isEmpty)
    }

    /// The embedded loop says when to look; what is overdue then is by the clock.
    @Test func anOverdueReplyEndsTheConnectionForEverybody() throws {
        let world = try World()
        world.send("A", within: .nanoseconds(1))
        world.send("B", within: .hours(1))
        world.channel.embeddedEventLoop.advanceTime(by: .hours(24 * 365))
        #expect(world.results.count == 2)
        #expect(world.ends.map(\.reason) == [.clusterTooSlow])
        #expect(!world.channel.isActive)
    }

    @Test(arguments: [("+OK\r\n", Reason.clusterMalformed), ("HTTP/1.1 400 Bad\r\n", .clusterMalformed)])
    func whatNobodyAskedForEndsTheConnection(text: String, reason: Reason) throws {
        let world = try World()
        try world.receive(text)
        #expect(world.ends.map(\.reason) == [reason])
        #expect(!world.channel.isActive)
        world.send("GET", "a")
        #expect(world.results == [.failure(ClusterFailure(.clusterUnreachable, "there is no connection"))])
    }

    @Test func theEndIsToldOnceToEverybody() throws {
        let world = try World()
        world.send("A")
        world.send("B")
        try world.channel.close().wait()
        #expect(world.results.count == 2)
        #expect(world.ends.map(\.reason) == [.clusterUnreachable])
    }

    @Test func moreThanCanWaitIsRefused() throws {
        let world = try World()
        for _ in 0..<ReplyQueue.capacity + 1 { world.send("A") }
        #expect(world.results == [.failure(ClusterFailure(.clusterTooSlow, "too many commands wait for a reply"))])
    }

    @Test(arguments: [
        ("MOVED 3999 10.0.0.1:6381", Reason.clusterSharded), ("ASK 3999 10.0.0.1:6381", .clusterSharded),
        ("WRONGPASS invalid", .clusterLoginRefused), ("NOAUTH x", .clusterLoginRefused),
        ("NOPERM x", .clusterLoginRefused),
        ("NOPROTO x", .clusterMalformed), ("OOM x", .clusterCommandRefused), ("READONLY x", .clusterCommandRefused),
    ])
    func theServersErrorsHaveReasons(reply: String, reason: Reason) {
        #expect(ClusterFailure(reply: reply).reason == reason)
    }

    @Test func aServerCannotWriteIntoTheLog() {
        let failure = ClusterFailure(reply: "ERR a\u{1b}[31m\r\n" + String(repeating: "x", count: 9999))
        #expect(failure.detail.utf8.count <= 200)
        #expect(!failure.detail.unicodeScalars.contains { $0.value < 0x20 })
    }

    @Test func thePauseGrowsAndIsDrawn() {
        var pause = ReconnectPause()
        var random = SystemRandomNumberGenerator()
        for most in [100, 200, 400, 800, 1600, 3200, 5000, 5000] as [Int64] {
            let next = pause.next(using: &random)
            #expect(next >= .milliseconds(most / 2))
            #expect(next <= .milliseconds(most))
        }
        pause.reset()
        #expect(pause.next(using: &random) <= .milliseconds(100))
    }
}
