import NIOCore
import NIOEmbedded
import Testing

@testable import SallyportProxy

@Suite struct ChannelOutputTests {
    /// The connection's part: when it is told that there is room again, it writes more, in the middle of a flush.
    private final class Writer: ChannelInboundHandler, RemovableChannelHandler {
        typealias InboundIn = ByteBuffer
        let output = ChannelOutput()
        var owed = 0

        func handlerAdded(context: ChannelHandlerContext) { output.context = context }
        func handlerRemoved(context: ChannelHandlerContext) { output.context = nil }

        func channelWritabilityChanged(context: ChannelHandlerContext) {
            guard owed > 0 else { return }
            owed -= 1
            output.write(Array("again".utf8))
            output.flush()
        }
    }

    /// What a socket does: writing and flushing change writability while the caller is still at it.
    private final class Flapping: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            context.write(data, promise: promise)
            context.fireChannelWritabilityChanged()
        }

        func flush(context: ChannelHandlerContext) {
            context.flush()
            context.fireChannelWritabilityChanged()
        }
    }

    private func written(_ channel: EmbeddedChannel) throws -> String {
        var text = ""
        while let piece = try channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: piece) }
        return text
    }

    @Test func aWriteThatCallsBackIntoTheWriterIsSafe() throws {
        let writer = Writer()
        let channel = EmbeddedChannel(handlers: [Flapping(), writer])
        writer.owed = 3
        writer.output.write(Array("head ".utf8))
        writer.output.write(ByteBuffer(repeating: UInt8(ascii: "x"), count: 10_000))
        writer.output.flush()
        #expect(try written(channel) == "head " + String(repeating: "x", count: 10_000) + "againagainagain")
    }

    @Test func aHeadAndASmallBodyAreOneWrite() throws {
        let writer = Writer()
        let channel = EmbeddedChannel(handlers: [writer])
        writer.output.write(Array("head ".utf8))
        writer.output.write(ByteBuffer(string: "body"))
        writer.output.flush()
        #expect(try channel.readOutbound(as: ByteBuffer.self).map { String(buffer: $0) } == "head body")
        #expect(try channel.readOutbound(as: ByteBuffer.self) == nil)
    }

    @Test func nothingIsWrittenToAConnectionThatIsGone() throws {
        let writer = Writer()
        let channel = EmbeddedChannel(handlers: [writer])
        try channel.pipeline.syncOperations.removeHandler(writer).wait()
        writer.output.write(Array("late".utf8))
        writer.output.flush()
        #expect(try written(channel).isEmpty)
    }
}
