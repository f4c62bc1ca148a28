import NIOCore
import NIOEmbedded
import SallyportModel
import Testing

@testable import SallyportTLS

/// The handler alone, with time in hand.
@Suite struct TLSAcceptHandlerTests {
    private final class Reports {
        var established = 0
        var refusals: [HandshakeRefusal] = []
        var reasons: [Reason] { refusals.map(\.reason) }
    }

    private func accept(deadline: TimeAmount = .seconds(5)) throws -> (EmbeddedChannel, Reports) {
        let reports = Reports()
        let handler = TLSAcceptHandler(
            context: .only(try TestWorld().context()), listener: "test", handshakeDeadline: deadline,
            established: { _, _ in reports.established += 1 }, refused: { reports.refusals.append($0) })
        let channel = EmbeddedChannel(handler: handler)
        try channel.connect(to: SocketAddress(ipAddress: "2001:db8::7", port: 4711)).wait()
        return (channel, reports)
    }

    private func output(_ channel: EmbeddedChannel) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let buffer = try channel.readOutbound(as: ByteBuffer.self) { bytes += Array(buffer.readableBytesView) }
        return bytes
    }

    @Test func theDeadlineEndsASilentConnection() throws {
        let (channel, reports) = try accept()
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(4999))
        #expect(reports.refusals.isEmpty && channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(reports.reasons == [.handshakeDeadline] && !channel.isActive)
    }

    /// A byte now and then does not move the deadline.
    @Test func theDeadlineIsAbsolute() throws {
        let (channel, reports) = try accept()
        for byte in HelloBytes().records().prefix(10) {
            try channel.writeInbound(ByteBuffer(bytes: [byte]))
            channel.embeddedEventLoop.advanceTime(by: .milliseconds(499))
        }
        #expect(reports.refusals.isEmpty)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(10))
        #expect(reports.reasons == [.handshakeDeadline])
    }

    @Test func theDeadlineHoldsDuringTheHandshake() throws {
        let (channel, reports) = try accept()
        try channel.writeInbound(ByteBuffer(bytes: HelloBytes().with(51, [0, 0]).records()))
        channel.embeddedEventLoop.advanceTime(by: .seconds(5))
        #expect(reports.reasons == [.handshakeDeadline])
        _ = try channel.finish(acceptAlreadyClosed: true)
        #expect(reports.refusals.count == 1)
    }

    /// Nothing is answered before somebody has sent a whole ClientHello.
    @Test func theAnswerComesAfterTheHello() throws {
        let (channel, _) = try accept()
        let hello = HelloBytes().records()
        try channel.writeInbound(ByteBuffer(bytes: hello.dropLast()))
        #expect(try output(channel).isEmpty)
        try channel.writeInbound(ByteBuffer(bytes: hello.suffix(1)))
        #expect(try !output(channel).isEmpty)
        _ = try channel.finish(acceptAlreadyClosed: true)
    }

    @Test func aRefusalIsReportedOnceAndBytesAfterItAreDropped() throws {
        let (channel, reports) = try accept()
        try channel.writeInbound(ByteBuffer(bytes: HelloBytes().with(16, HelloBytes.alpn(["h2"])).records()))
        #expect(try output(channel) == [21, 3, 3, 0, 2, 2, 120])
        if channel.isActive { try channel.writeInbound(ByteBuffer(bytes: HelloBytes().records())) }
        channel.pipeline.fireErrorCaught(ChannelError.ioOnClosedChannel)
        channel.embeddedEventLoop.advanceTime(by: .seconds(10))
        _ = try channel.finish(acceptAlreadyClosed: true)
        #expect(reports.reasons == [.noCommonProtocol] && reports.established == 0)
        #expect(try channel.readInbound(as: ByteBuffer.self) == nil)
    }

    @Test func plainHTTPGetsAWholeResponse() throws {
        let (channel, reports) = try accept()
        try channel.writeInbound(ByteBuffer(string: "GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
        let text = String(decoding: try output(channel), as: UTF8.self)
        let parts = text.split(separator: "\r\n\r\n", maxSplits: 1)
        #expect(parts[0].hasPrefix("HTTP/1.1 400 ") && parts[0].contains("content-length: \(parts[1].utf8.count)\r\n"))
        #expect(reports.reasons == [.plainHTTP])
        _ = try channel.finish(acceptAlreadyClosed: true)
    }

    @Test func theRefusalNamesPeerAndListener() throws {
        let (channel, reports) = try accept()
        try channel.writeInbound(
            ByteBuffer(bytes: HelloBytes().with(0, HelloBytes.serverName(["evil.example"])).records()))
        let refusal = try #require(reports.refusals.first)
        #expect(refusal.reason == .serverNameUnknown && refusal.sni == "evil.example" && refusal.listener == "test")
        #expect(refusal.peer == "[2001:db8::7]:4711")
        #expect(
            refusal.logMetadata.map(\.key)
                == ["code", "reason", "detail", "peer", "listener", "sni", "ja4", "connection", "fix"])
        #expect(refusal.line.hasPrefix("SP2106 Unknown server name: "))
        _ = try channel.finish(acceptAlreadyClosed: true)
    }

    @Test func closingWithoutAByteIsAProbe() throws {
        let (channel, reports) = try accept()
        _ = try channel.finish()
        #expect(reports.refusals.map(\.isSilentProbe) == [true])
    }
}
