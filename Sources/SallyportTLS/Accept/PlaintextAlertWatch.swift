import NIOCore

/// Stands in front of the TLS library during the handshake and looks for an alert in the clear.
final class PlaintextAlertWatch: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private var reader = PlaintextAlertReader()

    /// The `AlertDescription` that the client sent in the clear.
    var alert: UInt8? { reader.description }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        reader.read(bytes.readableBytesUInt8Span)
        context.fireChannelRead(data)
    }
}
