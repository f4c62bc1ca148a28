import NIOCore
import SallyportModel

/// From an accepted TCP connection to an established one, or to an explained refusal.
///
/// It stands first on the channel. `established` or `refused` is called exactly once, on the channel's loop.
package final class TLSAcceptHandler: ChannelInboundHandler, RemovableChannelHandler {
    package typealias InboundIn = ByteBuffer
    package typealias InboundOut = ByteBuffer

    /// - Parameters:
    ///   - handshakeDeadline: from the accepted connection to the completed handshake.
    ///   - established: adds the handlers that speak to the client; called before any application byte arrives.
    ///   - refused: called when the connection is given up; it is closed by then or being closed.
    package init(
        context: ServerTLSContext, listener: String, handshakeDeadline: TimeAmount = .seconds(5),
        established: @escaping (any Channel, EstablishedConnection) throws -> Void,
        refused: @escaping (HandshakeRefusal) -> Void
    ) {
    }
}
