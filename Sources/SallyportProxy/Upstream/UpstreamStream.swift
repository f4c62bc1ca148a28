import NIOCore
import SallyportHTTP
import SallyportModel

/// The upstream's side of one exchange: what carries the request there, in whatever version of HTTP.
///
/// Calls are made on the event loop: attach, head, content, end, and at any time release.
protocol UpstreamStream: AnyObject {
    /// The position of the target in its upstream's plan.
    var target: Int { get }
    /// False: the client is not read until `upstreamWritabilityChanged` says otherwise.
    var isWritable: Bool { get }

    /// From now on the exchange hears what comes.
    func attach(_ delegate: any UpstreamDelegate)
    func sendHead(_ request: RequestHead, _ forwarding: RequestForwarding)
    /// False: more than the head promised, and nothing was written.
    func sendBody(_ piece: ByteBuffer) -> Bool
    /// False: less than the head promised, and the message is not ended.
    func sendEnd(_ trailers: Trailers?) -> Bool
    func flush()
    /// Reading stops while the client can't take more.
    func setReading(_ reading: Bool)
    /// The exchange is done and hears nothing more.
    /// - Parameter keep: both messages are whole. Else what is under way is given up.
    func release(keep: Bool)
}

/// What an exchange hears from the stream that serves it. All calls are made on the event loop.
protocol UpstreamDelegate: AnyObject {
    func upstreamHead(_ head: ResponseHead)
    func upstreamBody(_ piece: ByteBuffer)
    /// The response is whole; the stream is the exchange's until it lets go of it.
    func upstreamEnd(_ trailers: Trailers?, keepAlive: Bool)
    /// The stream is of no further use.
    func upstreamFailed(_ failure: UpstreamFailure)
    func upstreamReadComplete()
    func upstreamWritabilityChanged(_ writable: Bool)
}

/// Why no stream could be had, or why one ended before its response was whole.
struct UpstreamFailure: Error {
    let reason: Reason
    /// The target has said that it did nothing of the request, or never saw it: any method may be sent again
    /// (RFC 9113 §8.7).
    var isUnprocessed = false

    /// The request or the gateway's own bounds are why, and nothing is known about the target.
    var isOfRequest: Bool { reason.origin == .client || reason == .upstreamNoTunnel || reason == .upstreamBusy }

    init(_ reason: Reason, isUnprocessed: Bool = false) {
        self.reason = reason
        self.isUnprocessed = isUnprocessed
    }
}
