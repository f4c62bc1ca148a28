import NIOCore
import NIOEmbedded
import SallyportHTTP
import SallyportModel
import SallyportTLS
import Testing

@testable import SallyportProxy

/// A connection to an upstream without sockets, whose clock the test turns.
private final class Wire: HTTP2ConnectionOwner, UpstreamDelegate {
    let channel = EmbeddedChannel()
    private(set) var failure: Reason?
    private(set) var isClosed = false
    private(set) lazy var connection = HTTP2UpstreamConnection(
        owner: self, eventLoop: channel.eventLoop, scheme: "http", limits: HTTPLimits())

    init() throws {
        let frames = HTTP2UpstreamSettings.handler(HTTPLimits(), frames: connection)
        try channel.pipeline.syncOperations.addHandlers([frames, connection])
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 80)).wait()
        try receive(HTTP2Bytes.settings() + HTTP2Bytes.acknowledgement)
        _ = try HTTP2Bytes.written(by: channel, skipping: HTTP2Bytes.preface.count)
    }

    func receive(_ bytes: [UInt8]) throws { try channel.writeInbound(ByteBuffer(bytes: bytes)) }

    /// The kinds of the frames that left meanwhile.
    func wait(_ time: TimeAmount) throws -> [UInt8] {
        channel.embeddedEventLoop.advanceTime(by: time)
        return try HTTP2Bytes.written(by: channel).map(\.kind)
    }

    func ask() throws {
        var parser = RequestParser(limits: HTTPLimits())
        let raw = Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        guard case .head(let head) = parser.next(raw.span.bytes).event else { throw NoStream() }
        guard let stream = connection.reserve(target: 0) else { throw NoStream() }
        stream.attach(self)
        stream.sendHead(head, RequestForwarding(framing: .none))
        stream.flush()
    }

    private struct NoStream: Error {}

    func opened() {}
    func failedToOpen(_ failure: UpstreamFailure) { self.failure = failure.reason }
    func hasRoom() {}
    func retiredOne() {}
    func closed(_ connection: HTTP2UpstreamConnection) { isClosed = true }
    func report(_ failure: UpstreamTLSFailure) {}
    func upstreamHead(_ head: ResponseHead) {}
    func upstreamBody(_ piece: ByteBuffer) {}
    func upstreamEnd(_ trailers: Trailers?, keepAlive: Bool) {}
    func upstreamFailed(_ failure: UpstreamFailure) { self.failure = failure.reason }
    func upstreamReadComplete() {}
    func upstreamWritabilityChanged(_ writable: Bool) {}
}

@Suite struct HTTP2UpstreamConnectionTests {
    private static let ping: UInt8 = 6

    @Test func aSilentPeerIsAskedAndThenGivenUp() throws {
        let wire = try Wire()
        try wire.ask()
        #expect(try wire.wait(HTTP2UpstreamSettings.silence - .seconds(1)).contains(Self.ping) == false)
        #expect(try wire.wait(.seconds(1)) == [Self.ping])
        #expect(try wire.wait(HTTP2UpstreamSettings.answer - .seconds(1)).isEmpty && wire.failure == nil)
        _ = try wire.wait(.seconds(1))
        #expect(wire.failure == .upstreamSilent && !wire.channel.isActive)
    }

    @Test func whoeverAnswersIsAskedAgainAfterTheNextSilence() throws {
        let wire = try Wire()
        try wire.ask()
        for _ in 0..<5 {
            let ping = try {
                wire.channel.embeddedEventLoop.advanceTime(by: HTTP2UpstreamSettings.silence)
                return try HTTP2Bytes.written(by: wire.channel)
            }()
            let asked = try #require(ping.first { $0.kind == Self.ping })
            _ = try wire.wait(.seconds(9))
            try wire.receive(HTTP2Bytes.frame(Self.ping, 1, on: 0, asked.payload))
            _ = try wire.wait(.zero)
            #expect(try wire.wait(.seconds(20)).contains(Self.ping) == false)
            // Some other frame is as good an answer.
            try wire.receive(HTTP2Bytes.settings())
            _ = try wire.wait(.zero)
        }
        #expect(wire.failure == nil && wire.channel.isActive)
    }

    @Test func nobodyIsAskedWithoutARequest() throws {
        let wire = try Wire()
        #expect(try wire.wait(.hours(1)).isEmpty)
        #expect(wire.channel.isActive)
    }

    /// The pool's generation is over, and so are its looks; what is under way must not wait for ever.
    @Test func aConnectionThatDrainsIsAskedAsWell() throws {
        let wire = try Wire()
        try wire.ask()
        wire.connection.drain()
        #expect(try wire.wait(HTTP2UpstreamSettings.silence).contains(Self.ping))
        _ = try wire.wait(HTTP2UpstreamSettings.answer)
        #expect(wire.failure == .upstreamSilent && wire.isClosed)
    }
}
