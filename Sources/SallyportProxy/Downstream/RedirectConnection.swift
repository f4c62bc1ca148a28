import NIOCore
import SallyportHTTP
import SallyportModel
import SallyportPKI
import SallyportTLS
import SallyportTelemetry

/// A plain HTTP connection whose request is answered with 308 to the same URL under `https`, or with the resource that an
/// ACME server looks for (RFC 8555 §8.3) while a challenge is pending.
///
/// One head, one answer, and the end: strangers can't keep connections here, nor pile up answers that they don't read.
final class RedirectConnection: ChannelInboundHandler, SweptConnection {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let loop: LoopState
    /// Of the `https` listener.
    private let port: UInt16
    private let challenges: PendingChallenges
    private var parser: RequestParser
    private var context: ChannelHandlerContext?
    /// Of the head, then of the client's leave.
    private var until: NIODeadline
    private var isClosing = false
    /// Called once, when the connection is over. Until then it counts among those that others may displace.
    private let ended: () -> Void
    var registryIndex = -1

    init(loop: LoopState, port: UInt16, challenges: PendingChallenges, ended: @escaping () -> Void) {
        self.ended = ended
        self.loop = loop
        self.port = port
        self.challenges = challenges
        parser = RequestParser(limits: loop.current.generation.httpLimits)
        until = .now() + Timeouts.requestHead
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop.register(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        loop.unregister(self)
        self.context = nil
        ended()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        while !isClosing {
            let (consumed, event) = parser.next(bytes.readableBytesSpan)
            bytes.moveReaderIndex(forwardBy: consumed)
            switch event {
            case .needMore: return
            case .head(let head): redirect(head, context: context)
            case .body, .end: close(context)
            case .refused(let reason): answer(problem(reason), context: context)
            }
        }
    }

    private func redirect(_ head: RequestHead, context: ChannelHandlerContext) {
        let path = head.text(head.path)
        guard path.hasPrefix("/") else { return answer(problem(.noRoute), context: context) }
        if path.hasPrefix(Self.challengePath), let proof = challenge(path) {
            return answer(resource(proof, withContent: !head.isHEAD), context: context)
        }
        let authority = port == 443 ? head.host : "\(head.host):\(port)"
        let query = head.query.map { "?" + head.text($0) } ?? ""
        var reply = Array(
            """
            HTTP/1.1 308 Permanent Redirect\r
            location: https://\(authority)\(path)\(query)\r
            content-length: 0\r
            connection: close\r\n
            """.utf8)
        reply += loop.dateField()
        reply += Array("\r\n".utf8)
        answer(reply, context: context)
    }

    private static let challengePath = "/.well-known/acme-challenge/"

    /// Only a token of a pending challenge is ever answered; nothing is made of what the client sent.
    private func challenge(_ path: String) -> String? {
        let token = path.dropFirst(Self.challengePath.count)
        return ChallengeToken.isValid(token) ? challenges.keyAuthorization(token: String(token)) : nil
    }

    private func resource(_ proof: String, withContent: Bool) -> [UInt8] {
        var reply = Array(
            """
            HTTP/1.1 200 OK\r
            content-type: application/octet-stream\r
            content-length: \(proof.utf8.count)\r
            connection: close\r\n
            """.utf8)
        reply += loop.dateField()
        reply += Array("\r\n".utf8)
        if withContent { reply += Array(proof.utf8) }
        return reply
    }

    private func problem(_ reason: Reason) -> [UInt8] {
        var reply: [UInt8] = []
        LocalReplyWriter(close: true, date: loop.dateField())
            .write(LocalReply(reason), requestID: loop.nextRequestID().description, into: &reply)
        return reply
    }

    private func answer(_ reply: [UInt8], context: ChannelHandlerContext) {
        context.writeAndFlush(NIOAny(ByteBuffer(bytes: reply)), promise: nil)
        close(context)
    }

    private func close(_ context: ChannelHandlerContext) {
        isClosing = true
        until = .now() + Timeouts.linger
        context.close(mode: .output, promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func recheckIdentity() {}

    func sweep(now: NIODeadline) {
        if until <= now { close() }
    }

    func close() {
        context?.close(promise: nil)
    }
}
