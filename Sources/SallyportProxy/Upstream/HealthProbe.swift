import NIOCore
import SallyportBalance
import SallyportConfig
import SallyportHTTP
import SallyportModel

/// One question to one endpoint, with the upstream's own TLS and version of HTTP, on a connection of its own.
final class HealthProbe: UpstreamDelegate {
    private var stream: (any UpstreamStream)?
    private var done: ((Finding) -> Void)?
    /// Its connections end with it.
    private let targets: TargetPool

    /// What the endpoint had to say.
    enum Finding: Sendable, Equatable {
        case status(UInt16)
        case failed(String)

        func isGood(_ check: HealthCheck) -> Bool {
            guard case .status(let status) = self else { return false }
            return check.expect.contains { $0.contains(status) }
        }

        var words: String {
            switch self {
            case .status(let status): "status \(status)"
            case .failed(let words): words
            }
        }
    }

    /// - Parameter done: called once, on the loop.
    init(_ plan: UpstreamPlan, _ key: EndpointKey, at position: Int, on loop: LoopState, done: @escaping (Finding) -> Void) {
        self.done = done
        targets = TargetPool(
            plan: plan, index: position, address: plan.address(of: key, at: position), loop: loop, limits: HTTPLimits())
    }

    func ask(_ request: RequestHead, authority: [UInt8], timeout: TimeAmount) {
        targets.loop.eventLoop.assumeIsolated().scheduleTask(in: timeout) { [self] in finish(.failed("no answer in time")) }
        targets.connect(PoolRequest(), deadline: .now() + timeout) { [self] result in
            switch result {
            case .failure(let failure): finish(.failed("\(failure.reason.title)"))
            case .success(let stream): send(request, authority, on: stream)
            }
        }
    }

    private func send(_ request: RequestHead, _ authority: [UInt8], on stream: any UpstreamStream) {
        guard done != nil else { return stream.release(keep: false) }
        self.stream = stream
        stream.attach(self)
        stream.setReading(true)
        stream.sendHead(request, RequestForwarding(authority: authority, framing: .none))
        stream.flush()
    }

    private func finish(_ finding: Finding) {
        guard let done = done.take() else { return }
        stream.take()?.release(keep: false)
        targets.retire()
        done(finding)
    }

    /// The request as a client would have sent it; nil when the path is one that would be refused.
    static func request(path: String) -> RequestHead? {
        var parser = RequestParser(limits: HTTPLimits())
        let text = Array("GET \(path) HTTP/1.1\r\nHost: health\r\nUser-Agent: sallyport-health\r\n\r\n".utf8)
        guard case .head(let head) = parser.next(text.span.bytes).event else { return nil }
        return head
    }

    func upstreamHead(_ head: ResponseHead) {
        if !head.isInterim { finish(.status(head.status)) }
    }

    func upstreamBody(_: ByteBuffer) {}
    func upstreamEnd(_: Trailers?, keepAlive _: Bool) {}

    func upstreamFailed(_ failure: UpstreamFailure) {
        stream = nil
        finish(.failed("\(failure.reason.title)"))
    }

    func upstreamReadComplete() {}
    func upstreamWritabilityChanged(_: Bool) {}
}
