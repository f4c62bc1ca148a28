import SallyportModel
import Testing

@testable import SallyportHTTP

@Suite struct RequestParserTests {
    @Test(arguments: RequestCase.accepted)
    func accepts(_ request: RequestCase) throws {
        try verify(request)
    }

    @Test(arguments: RequestCase.refusedLines + RequestCase.refusedFields + RequestCase.refusedFraming)
    func refuses(_ request: RequestCase) throws {
        try verify(request)
    }

    @Test func tablesAreLargeEnough() {
        let refused =
            RequestCase.refusedLines.count + RequestCase.refusedFields.count + RequestCase.refusedFraming.count
        #expect(RequestCase.accepted.count >= 40)
        #expect(refused >= 200)
    }

    /// Whole, byte by byte and cut in two at every place.
    private func verify(_ request: RequestCase) throws {
        let whole = Transcript.ofRequests(request.raw)
        switch request.outcome {
        case .refuse(let reason):
            #expect(whole.refusal == reason.code)
        case .accept(let line, let authority, let framing, let body):
            #expect(whole.refusal == nil)
            #expect(whole.messages.count == 1)
            let message = try #require(whole.messages.first)
            #expect(message.line == line)
            #expect(message.host == authority)
            #expect(message.framing == framing)
            #expect(message.body == Array(body.utf8))
            #expect(message.isComplete)
        }
        let bytewise = Transcript.ofRequests(request.raw, cuts: Array(1..<request.raw.count))
        #expect(bytewise == whole)
        for cut in 0...request.raw.count {
            #expect(Transcript.ofRequests(request.raw, cuts: [cut]) == whole, "cut at \(cut)")
        }
    }

    @Test func pipelinedRequestsAreTakenOneByOne() {
        let raw = Array(
            """
            POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc\
            GET /2 HTTP/1.1\r\nHost: b\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n\
            PUT /3 HTTP/1.1\r\nHost: c\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n0\r\n\r\n\r\n\
            GET /4 HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n
            """.utf8)
        let whole = Transcript.ofRequests(raw)
        #expect(whole.messages.map(\.line) == ["POST /1", "GET /2", "PUT /3", "GET /4"])
        #expect(whole.messages.map(\.host) == ["a", "b", "c", "d"])
        #expect(whole.messages.map(\.keepAlive) == [true, true, true, false])
        #expect(whole.messages.map(\.isComplete) == [true, true, true, true])
        #expect(Transcript.ofRequests(raw, cuts: Array(1..<raw.count)) == whole)
    }

    @Test func nothingIsReadBehindTheEnd() {
        var parser = RequestParser(limits: HTTPLimits())
        let raw = Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n\u{0}garbage".utf8)
        let (consumed, event) = parser.next(raw.span.bytes)
        guard case .head = event else {
            Issue.record("no head")
            return
        }
        #expect(consumed == raw.count - 8)
        let end = parser.next(raw.span.bytes.extracting(consumed..<raw.count))
        guard case .end = end.event else {
            Issue.record("no end")
            return
        }
        #expect(end.consumed == 0)
    }

    @Test func aRefusalIsForGood() {
        var parser = RequestParser(limits: HTTPLimits())
        for raw in ["GET / HTTP/3.0\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", ""] {
            let bytes = Array(raw.utf8)
            guard case .refused(let reason) = parser.next(bytes.span.bytes).event else {
                Issue.record("not refused")
                return
            }
            #expect(reason == .versionUnsupported)
        }
    }

    @Test func keepAliveFollowsVersionAndConnection() {
        let cases: [(String, String, Bool)] = [
            ("1.1", "", true), ("1.1", "Connection: close\r\n", false), ("1.1", "Connection: x, CLOSE\r\n", false),
            ("1.1", "Connection: keep-alive\r\nConnection: close\r\n", false), ("1.0", "", false),
            ("1.0", "Connection: keep-alive\r\n", false), ("1.1", "Connection: closed\r\n", true),
        ]
        for (version, line, expected) in cases {
            let raw = "GET / HTTP/\(version)\r\nHost: a\r\n\(line)\r\n"
            #expect(Transcript.ofRequests(Array(raw.utf8)).messages.first?.keepAlive == expected, "\(raw)")
        }
    }

    @Test func continueIsExpectedOnlyOfAContentToCome() throws {
        let cases: [(String, String, Bool)] = [
            ("1.1", "Content-Length: 1", true), ("1.1", "Transfer-Encoding: chunked", true),
            ("1.1", "Content-Length: 0", false), ("1.1", "X: y", false), ("1.0", "Content-Length: 1", false),
        ]
        for (version, line, expected) in cases {
            let head = try requestHead("POST / HTTP/\(version)\r\nHost: a\r\nExpect: 100-continue\r\n\(line)\r\n\r\n")
            #expect(head.expectsContinue == expected, "\(version) \(line)")
        }
    }

    @Test func insideHeadIsToldForDeadlines() {
        var parser = RequestParser(limits: HTTPLimits())
        let before = parser.isInsideHead
        #expect(!before)
        let raw = Array("G".utf8)
        _ = parser.next(raw.span.bytes)
        let after = parser.isInsideHead
        #expect(after)
    }
}

/// The head of a request that is expected to be good.
func requestHead(_ raw: String, limits: HTTPLimits = HTTPLimits()) throws -> RequestHead {
    var parser = RequestParser(limits: limits)
    let bytes = Array(raw.utf8)
    guard case .head(let head) = parser.next(bytes.span.bytes).event else { throw Unexpected() }
    return head
}

/// The head of a response that is expected to be good.
func responseHead(_ raw: String, to method: Method = .get) throws -> ResponseHead {
    var parser = ResponseParser(limits: HTTPLimits())
    parser.expect(method)
    let bytes = Array(raw.utf8)
    guard case .head(let head) = parser.next(bytes.span.bytes).event else { throw Unexpected() }
    return head
}

struct Unexpected: Error {}
