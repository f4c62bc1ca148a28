import SallyportModel
import Testing

@testable import SallyportHTTP

@Suite struct RequestWriterTests {
    private func written(_ raw: String, _ forwarding: RequestForwarding = RequestForwarding(framing: .none)) throws
        -> String
    {
        var out: [UInt8] = []
        writeRequest(try requestHead(raw), forwarding, into: &out)
        return String(decoding: out, as: UTF8.self)
    }

    /// The field lines that come out for these going in, without the request line and Host.
    private func forwarded(_ lines: [String]) throws -> [String] {
        let raw = "GET / HTTP/1.1\r\nHost: a\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n"
        let out = try written(raw)
        #expect(out.hasPrefix("GET / HTTP/1.1\r\nHost: a\r\n"))
        #expect(out.hasSuffix("\r\n\r\n"))
        return out.split(separator: "\r\n").dropFirst(2).map(String.init)
    }

    @Test func theWholeHeadIsWrittenAnew() throws {
        let forwarding = RequestForwarding(
            authority: Array("up:1".utf8), stripPrefix: Array("/api".utf8), added: Array("A: b\r\n".utf8),
            framing: .length(5))
        let raw = "POST /api/./x?y HTTP/1.0\r\nX:  1 \r\nHost: Gate\r\nContent-Length: 005\r\nY: 2\r\nZ: 3\r\n\r\n"
        #expect(
            try written(raw, forwarding)
                == "POST /x?y HTTP/1.1\r\nHost: up:1\r\nX: 1\r\nY: 2\r\nZ: 3\r\nContent-Length: 5\r\nA: b\r\n\r\n")
    }

    @Test(arguments: [
        ("/api", "/api", "/"), ("/api", "/api/", "/"), ("/api", "/api/x", "/x"), ("/api", "/apix", "/apix"),
        ("/api", "/a", "/a"), ("/api", "/", "/"), ("", "/x", "/x"), ("/api", "/%61pi/x", "/x"),
        ("/a", "/a//a/b", "/a/b"),
    ])
    func prefixesEndWithASegment(_ prefix: String, _ path: String, _ expected: String) throws {
        let forwarding = RequestForwarding(stripPrefix: Array(prefix.utf8), framing: .none)
        let out = try written("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n", forwarding)
        #expect(out.hasPrefix("GET \(expected) HTTP/1.1\r\n"))
    }

    @Test func framingIsTheGateways() throws {
        let chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n"
        #expect(
            try written(chunked, RequestForwarding(framing: .chunked)).contains("\r\nTransfer-Encoding: chunked\r\n"))
        #expect(
            try written(chunked, RequestForwarding(framing: .untilClose)).contains("\r\nTransfer-Encoding: chunked\r\n")
        )
        #expect(try written(chunked, RequestForwarding(framing: .length(7))).contains("\r\nContent-Length: 7\r\n"))
        #expect(try !written(chunked, RequestForwarding(framing: .length(7))).contains("ransfer"))
        #expect(try written(chunked) == "POST / HTTP/1.1\r\nHost: a\r\n\r\n")
    }

    @Test(arguments: [
        "Connection: close", "Connection: x", "Keep-Alive: timeout=5", "Proxy-Connection: keep-alive",
        "Proxy-Authorization: Basic x", "Proxy-Authenticate: Basic", "Proxy-Authentication-Info: x", "TE: trailers",
        "Trailer: x", "Upgrade: h2c", "HTTP2-Settings: AAA", "Max-Forwards: 3",
        "Client-Cert: :AAAA:", "CLIENT-CERT: :AAAA:", "Client-Cert-Chain: :AAAA:", "X-Forwarded-For: 1.2.3.4",
        "x-forwarded-proto: https", "X-Forwarded-Host: evil", "X-Forwarded-Port: 1", "X-Forwarded-Client-Cert: By=x",
        "X-Forwarded-Prefix: /x", "X-Forwarded-User: root", "X-Real-IP: 1.2.3.4", "Forwarded: for=1.2.3.4",
        "X-Request-Id: 1", "True-Client-IP: 1.2.3.4", "X-Client-IP: 1.2.3.4", "X-Cluster-Client-IP: 1.2.3.4",
        "X-Original-URL: /admin", "X-Rewrite-URL: /admin", "X-SSL-Client-Verify: SUCCESS", "SSL-Client-Cert: x",
        "X-Http-Method-Override: PUT", "X-HTTP-Method: PUT", "X-Method-Override: PUT", "Remote-User: root",
        "X-Remote-User: root", "X-Client-Verify: SUCCESS", "X-ARR-ClientCert: x", "X-Amzn-Mtls-Clientcert: x",
        "X-Original-Forwarded-For: 1.2.3.4",
        "X-Client-Cert: x", "X_Forwarded_For: 1.2.3.4", "Client_Cert: x", "a_b: c", "_: x", "Content_Length: 5",
    ])
    func neverForwarded(_ line: String) throws {
        #expect(try forwarded(["B: 1", line, "C: 2"]) == ["B: 1", "C: 2"])
        #expect(try forwarded([line, line]).isEmpty)
    }

    /// The gateway answers it or forgets it (RFC 9110 §10.1.1).
    @Test func expectIsNotForwarded() throws {
        #expect(try forwarded(["B: 1", "Expect: 100-continue", "C: 2"]) == ["B: 1", "C: 2"])
    }

    @Test(arguments: [
        "Via: 1.1 x", "Cookie: a=b", "Authorization: Bearer x", "Accept: */*", "Date: x",
        "Keep-Alivex: 1", "Clientcert: x", "Forwarded-X: 1", "Priority: u=1",
    ])
    func forwardedAsItIs(_ line: String) throws {
        #expect(try forwarded(["B: 1", line, "C: 2"]) == ["B: 1", line, "C: 2"])
    }

    @Test func valuesKeepTheirBytes() throws {
        #expect(
            try forwarded(["X:\t a \t b \t", "Y:z", "Z:", "W: \"é\""]) == ["X: a \t b", "Y: z", "Z: ", "W: \"é\""])
    }

    @Test func nominatedFieldsStayHere() throws {
        #expect(try forwarded(["X-A: 1", "Connection: x-a, close", "B: 2", "x-A: 3"]) == ["B: 2"])
        #expect(try forwarded(["Connection: x-b", "X-A: 1", "Connection: X-A", "X-B: 2", "C: 3"]) == ["C: 3"])
    }

    /// A client must not choose what the upstream is not told of what the gateway decided on.
    @Test(arguments: [
        "Authorization: Bearer x", "Cookie: a=b", "Via: 1.1 x", "Content-Type: text/plain", "Date: x", "Origin: x",
        "Cache-Control: no-store", "Range: bytes=0-1", "Content-Encoding: gzip",
    ])
    func essentialFieldsCannotBeNominatedAway(_ line: String) throws {
        let name = line.prefix { $0 != ":" }
        #expect(try forwarded(["Connection: close, \(name)", line]) == [line])
    }

    @Test func ourOwnFieldsCannotBeNominatedAway() throws {
        let names =
            "host, content-length, transfer-encoding, x-forwarded-for, client-cert, forwarded, via, x-request-id"
        let raw = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nConnection: \(names)\r\n\r\n"
        let added = Array("X-Forwarded-For: 1.2.3.4\r\nClient-Cert: :AA==:\r\n".utf8)
        #expect(
            try written(raw, RequestForwarding(added: added, framing: .length(1)))
                == "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nX-Forwarded-For: 1.2.3.4\r\nClient-Cert: :AA==:\r\n\r\n"
        )
    }

    @Test func underscoresAreCounted() throws {
        let head = try requestHead("GET / HTTP/1.1\r\nHost: a\r\na_b: c\r\nX-Forwarded-For: x\r\n_: d\r\n\r\n")
        #expect(head.underscoreFields == 2)
    }

    @Test func maxForwardsCountsDown() throws {
        #expect(
            try written("OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 5\r\n\r\n").contains("\r\nMax-Forwards: 4\r\n"))
        #expect(try requestHead("OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n").maxForwards == 0)
        #expect(try requestHead("GET / HTTP/1.1\r\nHost: a\r\nMax-Forwards: x\r\n\r\n").maxForwards == nil)
    }

    /// Whatever is accepted is written so that it means the same to a strict reader, and writing that again changes
    /// nothing.
    @Test(arguments: RequestCase.accepted)
    func whatIsWrittenReadsAsTheSame(_ request: RequestCase) throws {
        let head = try requestHead(String(decoding: request.raw, as: UTF8.self))
        var once: [UInt8] = []
        writeRequest(head, RequestForwarding(framing: head.framing), into: &once)
        let again = try requestHead(String(decoding: once, as: UTF8.self))
        #expect(again.methodText == head.methodText)
        #expect(again.text(again.path) == head.text(head.path))
        #expect(again.query.map(again.text) == head.query.map(head.text))
        #expect(again.host == head.host)
        #expect(again.framing == head.framing)
        var twice: [UInt8] = []
        writeRequest(again, RequestForwarding(framing: again.framing), into: &twice)
        #expect(twice == once)
    }

    @Test func routingLooksFieldsUp() throws {
        let head = try requestHead("GET / HTTP/1.1\r\nHost: a\r\nX-Version: 2\r\nX-Two: 1\r\nx-two: 2\r\n\r\n")
        #expect(head.hasSingle(Array("x-version".utf8), equalTo: Array("2".utf8)))
        #expect(!head.hasSingle(Array("x-version".utf8), equalTo: Array("3".utf8)))
        #expect(!head.hasSingle(Array("x-two".utf8), equalTo: Array("1".utf8)))
        #expect(!head.hasSingle(Array("x-none".utf8), equalTo: []))
        #expect(head.values(of: "x-two") == ["1", "2"])
        #expect(head.value(of: .host) == "a")
        #expect(head.value(of: .cookie) == nil)
    }
}
