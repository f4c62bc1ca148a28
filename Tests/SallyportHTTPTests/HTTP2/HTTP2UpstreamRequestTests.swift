import Testing

@testable import SallyportHTTP

@Suite struct HTTP2UpstreamRequestTests {
    private struct List: HTTP2FieldSink {
        var fields: [String] = []
        var secret: [String] = []
        mutating func append(name: String, value: String, indexing: HTTP2FieldIndexing) {
            fields.append("\(name)=\(value)")
            if case .neverIndexed = indexing { secret.append(name) }
        }
    }

    private func described(
        _ raw: String, _ forwarding: RequestForwarding = RequestForwarding(framing: .none)
    ) throws -> List {
        var list = List()
        try describeRequest(try requestHead(raw), forwarding, scheme: "https", into: &list)
        return list
    }

    @Test func theDecisionsAreThoseOfTheOtherWriter() throws {
        let forwarding = RequestForwarding(
            authority: Array("up:1".utf8), stripPrefix: Array("/api".utf8),
            added: Array("Via: 1.1 sallyport\r\nX-Request-Id:  7\r\n".utf8), framing: .length(5))
        let raw = """
            POST /api/./x?y HTTP/1.1\r\nX-Up:  1 \r\nHost: Gate\r\nContent-Length: 5\r\nConnection: X-Mine, close\r\n\
            X-Mine: 2\r\nKeep-Alive: 3\r\nUpgrade: h2c\r\nCookie: c\r\nAuthorization: b\r\n\r\n
            """
        let list = try described(raw, forwarding)
        #expect(
            list.fields == [
                ":method=POST", ":scheme=https", ":authority=up:1", ":path=/x?y", "x-up=1", "cookie=c", "authorization=b",
                "content-length=5", "via=1.1 sallyport", "x-request-id=7",
            ])
        #expect(list.secret == ["cookie", "authorization", "x-request-id"])
    }

    @Test(arguments: [
        ("TE: trailers", true), ("TE: gzip, Trailers", true), ("TE: gzip;q=1", false), ("X: trailers", false),
        ("TE: nottrailers", false), ("TE: trailers;q=0", false),
    ])
    func trailersAreAskedForAnew(_ line: String, _ isAsked: Bool) throws {
        let list = try described("GET / HTTP/1.1\r\nHost: a\r\n\(line)\r\nConnection: te\r\n\r\n")
        #expect(list.fields.filter { $0.hasPrefix("te=") } == (isAsked ? ["te=trailers"] : []))
    }

    /// RFC 8441 §4 and §5: extended CONNECT; the key and the upgrade are of HTTP/1.1.
    @Test func aWebSocketIsAnExtendedConnect() throws {
        let raw = """
            GET /chat?a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: chat\r\n\r\n
            """
        #expect(
            try described(raw).fields == [
                ":method=CONNECT", ":protocol=websocket", ":scheme=https", ":authority=a", ":path=/chat?a",
                "sec-websocket-version=13", "sec-websocket-protocol=chat",
            ])
    }

    @Test func aKeyWithoutATunnelIsAFieldLikeAnyOther() throws {
        let list = try described("GET / HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Key: x\r\n\r\n")
        #expect(list.fields.contains("sec-websocket-key=x"))
    }

    @Test func optionsCountsHopsDown() throws {
        let list = try described("OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards: 3\r\n\r\n")
        #expect(list.fields.contains(":path=*"))
        #expect(list.fields.contains("max-forwards=2"))
    }

    /// What HPACK's encoder can't take is refused; it is never sent on changed.
    @Test func bytesThatAreNoTextAreNotSent() throws {
        var raw = Array("GET / HTTP/1.1\r\nHost: a\r\nX: ".utf8)
        raw += [0xFC] + Array("\r\n\r\n".utf8)
        var parser = RequestParser(limits: HTTPLimits())
        guard case .head(let head) = parser.next(raw.span.bytes).event else { throw Refused() }
        #expect(throws: HTTP2Unsayable.notText) {
            var list = List()
            try describeRequest(head, RequestForwarding(framing: .none), scheme: "http", into: &list)
        }
    }

    private struct Refused: Error {}
}
