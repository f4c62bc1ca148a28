import NIOCore
import SallyportHTTP
import SallyportModel
import SallyportTelemetry

// The exchange's answer in HTTP/1.1, or in 1.0 for those who asked so.
extension HTTP1ServerConnection: ClientStream {
    private static let continueLine = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

    func sendContinue() {
        output.write(Self.continueLine)
        flush()
    }

    /// 100 was ours to give (RFC 9110 §15.2).
    func sendInterim(_ response: ResponseHead) {
        loop.scratch.removeAll(keepingCapacity: true)
        writeResponse(response, ResponseForwarding(framing: .none), into: &loop.scratch)
        output.write(loop.scratch)
    }

    func sendHead(_ response: ResponseHead, to request: RequestHead, _ plan: ResponsePlan) -> Bool {
        let http10 = request.version == .http10
        isTunnel = response.opensTunnel
        let framing =
            isTunnel ? .untilClose : ResponseForwarding.clientFraming(plan.framing, http10Client: http10)
        let mustClose = plan.close || framing == .untilClose
        responseBody = BodyWriter(framing)
        loop.scratch.removeAll(keepingCapacity: true)
        let forwarding = ResponseForwarding(
            framing: framing, close: mustClose, added: response.hasDate ? plan.added : plan.added + loop.dateField(),
            http10Client: http10, tunnel: isTunnel ? request.tunnel : nil)
        writeResponse(response, forwarding, into: &loop.scratch)
        output.write(loop.scratch)
        return mustClose
    }

    func sendBody(_ piece: ByteBuffer) -> Bool {
        loop.scratch.removeAll(keepingCapacity: true)
        guard responseBody.prefix(forChunkOf: piece.readableBytes, into: &loop.scratch) else { return false }
        if !loop.scratch.isEmpty { output.write(loop.scratch) }
        output.write(piece)
        loop.scratch.removeAll(keepingCapacity: true)
        responseBody.suffix(into: &loop.scratch)
        if !loop.scratch.isEmpty { output.write(loop.scratch) }
        return true
    }

    func sendEnd(_ trailers: Trailers?) -> Bool {
        loop.scratch.removeAll(keepingCapacity: true)
        guard responseBody.finish(trailers, into: &loop.scratch) else { return false }
        if !loop.scratch.isEmpty { output.write(loop.scratch) }
        return true
    }

    func reply(_ reply: LocalReply, to request: RequestHead, requestID: RequestID, close: Bool) -> Int {
        write(reply, requestID: requestID, isHEAD: request.isHEAD, close: close)
    }

    func send(_ content: LocalContent, to request: RequestHead, close: Bool) {
        output.write(content.bytes(date: loop.dateField(), close: close, isHEAD: request.isHEAD))
    }

    /// - Returns: the number of bytes of content.
    func write(_ reply: LocalReply, requestID: RequestID, isHEAD: Bool, close: Bool) -> Int {
        loop.scratch.removeAll(keepingCapacity: true)
        let content = LocalReplyWriter(close: close, isHEAD: isHEAD, date: loop.dateField())
            .write(reply, requestID: requestID.description, into: &loop.scratch)
        output.write(loop.scratch)
        return content
    }
}
