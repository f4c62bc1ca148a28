import NIOCore
import SallyportHTTP
import SallyportModel

// A gRPC call reads its outcome from grpc-status; an HTTP status means nothing to its caller.
extension Exchange {
    /// Longer waits are none.
    private static let longestCall = TimeAmount.hours(24 * 365)
    /// The service has the same deadline and should be the one to say that it has passed; and the caller gave it up
    /// anyway. The gateway only sees to it that a call does not outlive its caller.
    private static let callGrace = TimeAmount.seconds(1)

    /// The head of the request asks for it; the time-outs of the upstream hold besides.
    static func callDeadline(_ head: RequestHead, _ now: NIODeadline) -> NIODeadline? {
        head.grpcTimeout.map { now + min(.nanoseconds($0), longestCall) + callGrace }
    }

    /// The gateway's own refusal as a gRPC status without messages. When to try again stands where gRPC clients look for
    /// it (gRPC proposal A6).
    func answerCall(_ reply: LocalReply) {
        record.status = 200
        let close = machine.clientMustClose
        var content = LocalContent(fields: GRPCStatus.fields(reply.reason), contentType: "application/grpc")
        content.fields.append(("x-request-id", requestID.description))
        content.fields += reply.fields + limitFields + policyFields
        if let seconds = reply.fields.first(where: { $0.name == "retry-after" }).flatMap({ Int64($0.value) }) {
            content.fields.append(("grpc-retry-pushback-ms", "\(seconds * 1000)"))
        }
        client.send(content, to: head, close: close)
        finish(keepAlive: !close)
    }
}
