import NIOCore
import SallyportBalance
import SallyportConfig
import SallyportHTTP
import SallyportModel

/// How far an exchange has come with finding an endpoint that answers.
struct ForwardTrial {
    /// Of the key that the upstream balances by.
    var hash: UInt64?
    /// The part of the route's split that the request belongs to.
    var label: String?
    /// Of the connection that is opened for it (PROXY protocol).
    var preface: [UInt8] = []
    /// Endpoints that were asked, in order.
    var tried: [EndpointRecord] = []
    /// Of the request's content, what has come so far; nil: it is not, or no longer, kept.
    var kept: ByteBuffer?
    var trailers: Trailers?
    /// Set while the request waits for its turn.
    var ticket: UInt64?
    /// It counts as one under way and has to leave.
    var isAdmitted = false
    var usedFreeRepeat = false
    /// A second endpoint that was asked because the first is slow.
    var hedge: HedgeArm?
    /// To be copied to this upstream once the request is whole.
    var mirror: UpstreamPool?

    /// More content than this is neither repeated nor copied.
    static let mostKept = 64 << 10

    func request(for head: RequestHead, fresh: Bool) -> PoolRequest {
        PoolRequest(tunnel: head.tunnel, fresh: fresh, preface: preface, hash: hash, label: label, tried: tried)
    }
}
