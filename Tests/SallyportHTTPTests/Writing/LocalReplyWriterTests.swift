import SallyportModel
import Testing

@testable import SallyportHTTP

@Suite struct LocalReplyWriterTests {
    private func written(_ writer: LocalReplyWriter, _ reply: LocalReply, id: String = "r1") -> String {
        var out: [UInt8] = []
        writer.write(reply, requestID: id, into: &out)
        return String(decoding: out, as: UTF8.self)
    }

    private static let content = """
        {"type":"urn:sallyport:SP3001","title":"Not allowed","status":403,"code":"SP3001","request_id":"r1"}

        """

    @Test func aProblemSaysCodeTitleAndRequest() {
        let writer = LocalReplyWriter(close: true, date: Array("Date: now\r\n".utf8))
        #expect(
            written(writer, LocalReply(.identityNotAllowed, fields: [("retry-after", "1")])) == """
                HTTP/1.1 403 Forbidden\r\nContent-Type: application/problem+json\r\nCache-Control: no-store\r\n\
                Content-Length: \(Self.content.utf8.count)\r\nConnection: close\r\nDate: now\r\nretry-after: 1\r\n\r\n\
                \(Self.content)
                """)
    }

    @Test func headHasNoContent() throws {
        let reply = written(LocalReplyWriter(close: false, isHEAD: true), LocalReply(.identityNotAllowed))
        #expect(reply.hasSuffix("\r\n\r\n"))
        let head = try responseHead(reply, to: .head)
        #expect(head.declaredLength == UInt64(Self.content.utf8.count))
        #expect(head.keepAlive)
    }

    @Test(arguments: Reason.all)
    func everyReasonReadsAsAResponse(_ reason: Reason) {
        let reply = written(LocalReplyWriter(close: false), LocalReply(reason))
        let transcript = Transcript.ofResponses(Array(reply.utf8))
        #expect(transcript.refusal == nil)
        #expect(transcript.messages.count == 1)
        #expect(transcript.messages.first?.isComplete == true)
        #expect(transcript.messages.first?.line.hasPrefix("\(reason.status ?? 500) ") == true)
        #expect(transcript.messages.first?.line.hasSuffix("Refused") == false, "phrase of \(reason.name)")
    }

    @Test func nothingBreaksOut() {
        let fields = [("x", "a\r\nSet-Cookie: b"), ("y\r\nz", "c"), ("", "d"), ("e f", "g"), ("ok", "h")]
        let reply = written(
            LocalReplyWriter(close: false), LocalReply(.noRoute, fields: fields.map { (name: $0.0, value: $0.1) }),
            id: "\"\\\n")
        #expect(!reply.contains("Set-Cookie"))
        #expect(!reply.contains("e f"))
        #expect(reply.contains("\r\nok: h\r\n"))
        #expect(reply.contains("\"request_id\":\"\\\"\\\\\\u000A\""))
    }
}
