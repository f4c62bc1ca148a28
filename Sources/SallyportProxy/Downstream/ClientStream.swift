import NIOCore
import SallyportHTTP
import SallyportModel
import SallyportTelemetry

/// The client's side of one exchange: what carries the answer back, in whatever version of HTTP.
///
/// Calls are made on the event loop, in the order of the message: interim heads, head, body, end; or one reply. What
/// the message must look like on the wire (chunks, lengths, Connection, frames) is decided here and nowhere else.
protocol ClientStream: AnyObject {
    var session: ClientSession { get }
    /// False: the upstream is not read until `Exchange.clientWritabilityChanged` says otherwise.
    var isWritable: Bool { get }

    /// 100 (Continue), because content is wanted now.
    func sendContinue()
    /// 103 and its kind. Dropped for a client that doesn't know them.
    func sendInterim(_ response: ResponseHead)
    /// - Returns: whether the connection must end after the response, for what the client is told.
    func sendHead(_ response: ResponseHead, to request: RequestHead, _ plan: ResponsePlan) -> Bool
    /// False: more than the head promised, and nothing was written.
    func sendBody(_ piece: ByteBuffer) -> Bool
    /// False: less than the head promised, and the message is not ended.
    func sendEnd(_ trailers: Trailers?) -> Bool
    /// The gateway's own refusal. Returns the number of bytes of content.
    func reply(_ reply: LocalReply, to request: RequestHead, requestID: RequestID, close: Bool) -> Int
    /// The gateway's own content.
    func send(_ content: LocalContent, to request: RequestHead, close: Bool)

    func flush()
    /// More of the request's content can be taken.
    func resume()
    /// Ends the message without finishing it: the client must see that it is not whole (RFC 9112 §8, RFC 9113 §8.1).
    func cut()
    /// Called by the exchange once, when it is over and the message is whole.
    /// - Parameter keepAlive: the client's side is between messages and can carry another request.
    func exchangeEnded(keepAlive: Bool)
}

/// What the exchange decides about a response on its way to the client.
struct ResponsePlan {
    /// How the content's end is known to the gateway.
    var framing: BodyFraming
    /// The connection must not go on, as far as the exchange knows.
    var close: Bool
    /// Complete `name: value` lines with line ends.
    var added: [UInt8] = []
}
