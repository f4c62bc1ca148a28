import SallyportModel
import Testing

@testable import SallyportHTTP

@Suite struct HTTP2ResponseReaderTests {
    private func fields(_ list: [(String, String)], _ limits: HTTPLimits = HTTPLimits()) -> HTTP2ResponseFields {
        var fields = HTTP2ResponseFields(limits: limits)
        for (name, value) in list { fields.append(name: name, value: value) }
        return fields
    }

    private func refusal(_ event: HTTP2ResponseEvent) -> UInt16? {
        if case .refused(let reason) = event { reason.code } else { nil }
    }

    private func head(
        _ list: [(String, String)], _ method: Method = .get, endsStream: Bool = false
    ) throws -> ResponseHead {
        var reader = HTTP2ResponseReader(answering: method)
        guard case .head(let head, _) = reader.headers(fields(list), endsStream: endsStream) else { throw Refused() }
        return head
    }

    private struct Refused: Error {}

    @Test func headsLookAsIfTheyHadComeOverHTTP1() throws {
        let head = try head([(":status", "404"), ("content-type", "text/plain"), ("content-length", "3"), ("empty", "")])
        var out: [UInt8] = []
        writeResponse(head, ResponseForwarding(framing: head.framing), into: &out)
        #expect(
            String(decoding: out, as: UTF8.self)
                == "HTTP/1.1 404 Not Found\r\ncontent-type: text/plain\r\nempty: \r\nContent-Length: 3\r\n\r\n")
    }

    @Test(arguments: [
        [(":status", "200"), (":status", "200")], [("a", "b"), (":status", "200")], [("a", "b")],
        [(":status", "20")], [(":status", "2000")], [(":status", "+20")], [(":status", "099")], [(":status", "600")],
        [(":status", "101")], [(":path", "/"), (":status", "200")], [(":status", "200"), ("A", "b")],
        [(":status", "200"), ("a:b", "c")], [(":status", "200"), ("a b", "c")], [(":status", "200"), ("", "c")],
        [(":status", "200"), ("a", "b\r\nc: d")], [(":status", "200"), ("a", "b\n")], [(":status", "200"), ("a", "\0")],
        [(":status", "200"), ("a", " b")], [(":status", "200"), ("a", "b\t")], [(":status", "200"), ("ü", "b")],
        [(":status", "200"), ("connection", "close")], [(":status", "200"), ("transfer-encoding", "chunked")],
        [(":status", "200"), ("keep-alive", "1")], [(":status", "200"), ("upgrade", "h2c")],
        [(":status", "200"), ("proxy-connection", "x")], [(":status", "200"), ("content-length", "+5")],
        [(":status", "200"), ("content-length", "5, 5")], [(":status", "200"), ("content-length", "5"), ("content-length", "5")],
        [(":status", "204"), ("content-length", "5")], [(":status", "103"), ("content-length", "5")],
    ])
    func malformedHeadsAreRefused(_ list: [(String, String)]) {
        var reader = HTTP2ResponseReader(answering: .get)
        #expect(refusal(reader.headers(fields(list), endsStream: false)) == Reason.upstreamMalformed.code)
        #expect(refusal(reader.data(0, endsStream: true)) == Reason.upstreamMalformed.code)
    }

    private let accept = Array("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".utf8)

    /// RFC 8441 §5: any success agrees; the head is the one that HTTP/1.1 would have had.
    @Test(arguments: ["200", "204", "299"]) func successOpensATunnelThatWasAskedFor(_ status: String) throws {
        var reader = HTTP2ResponseReader(answering: .get, accept: accept)
        let sent = [(":status", status), ("sec-websocket-accept", "forged"), ("content-length", "3"), ("a", "b")]
        guard case .head(let head, false) = reader.headers(fields(sent), endsStream: false) else { throw Refused() }
        #expect(head.opensTunnel && !head.isInterim && head.declaredLength == nil)
        var out: [UInt8] = []
        writeResponse(head, ResponseForwarding(framing: .untilClose, tunnel: .webSocket), into: &out)
        #expect(
            String(decoding: out, as: UTF8.self).split(separator: "\r\n") == [
                "HTTP/1.1 101 Switching Protocols", "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "a: b",
                "Connection: Upgrade", "Upgrade: websocket",
            ])
        for _ in 0..<3 {
            guard case .content(false) = reader.data(1 << 20, endsStream: false) else { throw Refused() }
        }
        guard case .content(true) = reader.data(0, endsStream: true) else { throw Refused() }
        #expect(reader.isWhole)
    }

    @Test(arguments: ["100", "103", "301", "401", "403", "502"]) func nothingElseOpensATunnel(_ status: String) {
        var reader = HTTP2ResponseReader(answering: .get, accept: accept)
        switch reader.headers(fields([(":status", status)]), endsStream: false) {
        case .head(let head, _), .interim(let head): #expect(!head.opensTunnel)
        case .content, .trailers, .refused: Issue.record("\(status) is a head")
        }
    }

    @Test func aTunnelHasNeither101NorTrailersNorFieldsOfAConnection() {
        for sent in [[(":status", "101")], [(":status", "200"), ("upgrade", "websocket")], [(":status", "200"), ("A", "b")]] {
            var reader = HTTP2ResponseReader(answering: .get, accept: accept)
            #expect(refusal(reader.headers(fields(sent), endsStream: false)) == Reason.upstreamMalformed.code)
        }
        var reader = HTTP2ResponseReader(answering: .get, accept: accept)
        _ = reader.headers(fields([(":status", "200")]), endsStream: false)
        #expect(refusal(reader.headers(fields([("a", "b")]), endsStream: true)) == Reason.upstreamMalformed.code)
    }

    @Test func successOpensNoTunnelThatNobodyAskedFor() throws {
        #expect(!(try head([(":status", "200")]).opensTunnel))
    }

    @Test func framingFollowsFromLengthAndEnd() throws {
        #expect(try head([(":status", "200")]).framing == .chunked)
        #expect(try head([(":status", "200"), ("content-length", "5")]).framing == .length(5))
        #expect(try head([(":status", "200")], endsStream: true).framing == .length(0))
        #expect(try head([(":status", "204")]).framing == .none)
        let answer = try head([(":status", "200"), ("content-length", "5")], .head, endsStream: true)
        #expect(answer.framing == .none)
        #expect(answer.declaredLength == 5)
        #expect(throws: Refused.self) { try head([(":status", "200"), ("content-length", "5")], endsStream: true) }
        #expect(throws: Refused.self) { try head([(":status", "103")], endsStream: true) }
    }

    @Test func contentIsCountedAgainstItsLength() {
        var tooMuch = HTTP2ResponseReader(answering: .get)
        _ = tooMuch.headers(fields([(":status", "200"), ("content-length", "5")]), endsStream: false)
        _ = tooMuch.data(5, endsStream: false)
        #expect(refusal(tooMuch.data(1, endsStream: false)) == Reason.upstreamMalformed.code)
        var tooLittle = HTTP2ResponseReader(answering: .get)
        _ = tooLittle.headers(fields([(":status", "200"), ("content-length", "5")]), endsStream: false)
        #expect(refusal(tooLittle.data(4, endsStream: true)) == Reason.upstreamTruncated.code)
        var trailed = HTTP2ResponseReader(answering: .get)
        _ = trailed.headers(fields([(":status", "200"), ("content-length", "5")]), endsStream: false)
        #expect(refusal(trailed.headers(fields([("a", "b")]), endsStream: true)) == Reason.upstreamMalformed.code)
        var head = HTTP2ResponseReader(answering: .head)
        _ = head.headers(fields([(":status", "200"), ("content-length", "5")]), endsStream: false)
        #expect(refusal(head.data(1, endsStream: false)) == Reason.upstreamMalformed.code)
        var early = HTTP2ResponseReader(answering: .get)
        #expect(refusal(early.data(1, endsStream: false)) == Reason.upstreamMalformed.code)
    }

    @Test func trailersEndTheMessage() {
        var reader = HTTP2ResponseReader(answering: .post)
        _ = reader.headers(fields([(":status", "200")]), endsStream: false)
        guard case .content(isWhole: false) = reader.data(3, endsStream: false) else { Issue.record("content"); return }
        guard case .trailers(let trailers?) = reader.headers(fields([("grpc-status", "0")]), endsStream: true) else {
            Issue.record("trailers")
            return
        }
        #expect(String(decoding: trailers.bytes, as: UTF8.self) == "grpc-status: 0\r\n\r\n")
        #expect(reader.isWhole)
        var open = HTTP2ResponseReader(answering: .post)
        _ = open.headers(fields([(":status", "200")]), endsStream: false)
        #expect(refusal(open.headers(fields([("grpc-status", "0")]), endsStream: false)) != nil)
        var pseudo = HTTP2ResponseReader(answering: .post)
        _ = pseudo.headers(fields([(":status", "200")]), endsStream: false)
        #expect(refusal(pseudo.headers(fields([(":status", "200")]), endsStream: true)) != nil)
    }

    @Test func interimHeadsAreBounded() {
        var reader = HTTP2ResponseReader(answering: .get)
        for _ in 0..<16 {
            guard case .interim = reader.headers(fields([(":status", "103")]), endsStream: false) else {
                Issue.record("interim")
                return
            }
        }
        #expect(refusal(reader.headers(fields([(":status", "103")]), endsStream: false)) != nil)
    }

    @Test func limitsHold() {
        let limits = HTTPLimits(fieldLine: 32, headers: 64, headerCount: 3)
        func refused(_ list: [(String, String)]) -> UInt16? {
            var reader = HTTP2ResponseReader(answering: .get)
            return refusal(reader.headers(fields([(":status", "200")] + list, limits), endsStream: false))
        }
        #expect(refused([("a", "b"), ("c", "d"), ("e", "f")]) == nil)
        #expect(refused(Array(repeating: ("a", "b"), count: 4)) == Reason.upstreamHeadTooLarge.code)
        #expect(refused([("a", String(repeating: "b", count: 30))]) == Reason.upstreamHeadTooLarge.code)
        #expect(refused(Array(repeating: ("a", String(repeating: "b", count: 25)), count: 3)) == Reason.upstreamHeadTooLarge.code)
    }
}
