import SallyportModel
import Testing

@testable import SallyportHTTP

typealias Pairs = [(String, String)]

/// What a client may put into a header block, and what becomes of it (RFC 9113 §8).
@Suite struct HTTP2RequestReaderTests {
    static func read(
        _ fields: Pairs, endsStream: Bool = true, limits: HTTPLimits = HTTPLimits()
    ) throws(HTTP2Fault) -> RequestHead {
        var reader = HTTP2RequestReader(limits: limits)
        for (name, value) in fields { try reader.add(name, value) }
        return try reader.request(endsStream: endsStream)
    }

    private func fault(
        _ fields: Pairs, endsStream: Bool = true, limits: HTTPLimits = HTTPLimits()
    ) -> HTTP2Fault? {
        do throws(HTTP2Fault) {
            _ = try Self.read(fields, endsStream: endsStream, limits: limits)
            return nil
        } catch {
            return error
        }
    }

    /// A request with some pseudo-header fields replaced or, with nil, left out.
    static func request(
        method: String? = "GET", scheme: String? = "https", path: String? = "/", authority: String? = "a.example",
        _ fields: Pairs = []
    ) -> Pairs {
        let pseudo = [(":method", method), (":scheme", scheme), (":path", path), (":authority", authority)]
        return pseudo.compactMap { name, value in value.map { (name, $0) } } + fields
    }

    // MARK: good requests

    @Test func getsAHead() throws {
        let head = try Self.read(
            Self.request(path: "/x/../a%2Db?q=1", authority: "A.Example:8443", [("accept", "*/*"), ("x-one", "1")]))
        #expect(head.methodKind == .get && head.text(head.path) == "/a-b" && head.query.map(head.text) == "q=1")
        #expect(head.host == "a.example" && head.text(head.authority) == "a.example:8443")
        #expect(head.framing == .none && !head.expectsContinue)
        #expect(head.values(of: "accept") == ["*/*"] && head.values(of: "x-one") == ["1"])
    }

    /// What is forwarded over HTTP/1.1 is one canonical head, with one host and our own framing.
    @Test func isWrittenForHTTP1() throws {
        let fields: Pairs = [("cookie", "a=1"), ("accept", "*/*"), ("cookie", "b=2"), ("te", "trailers")]
        let head = try Self.read(Self.request(method: "POST", path: "/p", fields), endsStream: false)
        var out: [UInt8] = []
        writeRequest(head, RequestForwarding(framing: head.framing), into: &out)
        let text = String(decoding: out, as: UTF8.self)
        #expect(text.hasPrefix("POST /p HTTP/1.1\r\nHost: a.example\r\naccept: */*\r\ncookie: a=1; b=2\r\n"))
        #expect(text.contains("Transfer-Encoding: chunked\r\n"))
    }

    @Test func hostAloneIsEnough() throws {
        #expect(try Self.read(Self.request(authority: nil, [("host", "b.example")])).host == "b.example")
    }

    @Test(arguments: ["a.example", "A.EXAMPLE", "a.example:443", "a.example."])
    func hostMayRepeatTheAuthority(host: String) throws {
        let head = try Self.read(Self.request([("host", host)]))
        #expect(head.host == "a.example" && head.fields.filter { $0.known == .host }.count == 1)
    }

    @Test func asteriskIsForOptions() throws {
        let head = try Self.read(Self.request(method: "OPTIONS", path: "*"))
        #expect(head.text(head.path) == "*")
        #expect(fault(Self.request(path: "*")) == .malformed(.malformedHTTP2Pseudo))
    }

    @Test func lengthAndEndOfStreamAgree() throws {
        let length: (String) -> Pairs = { Self.request(method: "POST", [("content-length", $0)]) }
        #expect(try Self.read(length("5"), endsStream: false).framing == .length(5))
        #expect(try Self.read(length("0")).framing == .length(0))
        #expect(try Self.read(Self.request(method: "POST")).framing == .length(0))
        #expect(try Self.read(Self.request(), endsStream: false).framing == .chunked)
        #expect(fault(length("5")) == .malformed(.invalidContentLength))
    }

    @Test func expectationNeedsContent() throws {
        let fields = Self.request(method: "POST", [("expect", "100-continue")])
        #expect(try Self.read(fields, endsStream: false).expectsContinue)
        #expect(try !Self.read(fields).expectsContinue)
    }

    // MARK: malformed requests

    static let malformedPseudo: [Pairs] = [
        request(method: nil), request(scheme: nil), request(path: nil), request(method: ""), request(path: ""),
        request(scheme: ""), request(authority: ""), request(path: "x"), request(path: "http://evil/"),
        request(path: "//evil".replacing("//", with: "evil//")), request(path: "/a b"), request(path: "/\u{e9}"),
        request(path: "/a\r\nb"), request(path: "/\0"), request(method: "GE:T("), request(method: "GE T"),
        request(method: "GET /x HTTP/1.1\r\nhost: b\r\n"), request(scheme: "http"), request(scheme: "ftp"),
        [(":method", "GET")] + request(), request() + [(":path", "/other")],
        request([("x", "1"), (":authority", "b")]), request([("x", "1")]) + [(":method", "GET")],
        [(":status", "200")] + request(), [(":unknown", "1")] + request(), [(":", "1")] + request(),
        [(":Method", "GET")] + request(method: nil), [(":protocol", "websocket")] + request(),
        request(method: "CONNECT") + [], [],
    ]

    @Test(arguments: malformedPseudo.indices) func refusesPseudoFields(index: Int) {
        #expect(fault(Self.malformedPseudo[index]) == .malformed(.malformedHTTP2Pseudo), "\(Self.malformedPseudo[index])")
    }

    static let malformedFields: Pairs = [
        ("X-Upper", "1"), ("a b", "1"), ("a:b", "1"), ("", "1"), ("a\r\nb", "1"), ("a\0", "1"), ("\u{e9}", "1"), ("a ", "1"),
        ("x", "a\rb"), ("x", "a\nb"), ("x", "a\0b"), ("x", "a\r\nhost: b"), ("x", " a"), ("x", "a "), ("x", "\ta"),
        ("x", "a\u{7f}"), ("x", "a\u{1}"), ("x", "a\u{fffd}"), ("connection", "close"), ("keep-alive", "1"),
        ("proxy-connection", "close"), ("transfer-encoding", "chunked"), ("transfer-encoding", "identity"),
        ("upgrade", "h2c"), ("te", "gzip"), ("te", "trailers, deflate"), ("te", ""), ("cookie", "a\nb"), ("Host", "a"),
    ]

    @Test(arguments: malformedFields.indices) func refusesFields(index: Int) {
        let field = Self.malformedFields[index]
        #expect(fault(Self.request([field])) == .malformed(.malformedHTTP2Fields), "\(field)")
    }

    @Test(arguments: ["u@a,b", "u@a", "a,b", "a/b", "a b", "a:99999", "a:", "[::1", "a..b", "a?b"])
    func refusesAuthority(authority: String) {
        #expect(fault(Self.request(authority: authority)) == .malformed(.invalidHost))
        #expect(fault(Self.request(authority: nil, [("host", authority)])) == .malformed(.invalidHost))
    }

    @Test func refusesTwoHosts() {
        #expect(fault(Self.request([("host", "b.example")])) == .malformed(.invalidHost))
        #expect(fault(Self.request([("host", "a.example:8443")])) == .malformed(.invalidHost))
        #expect(fault(Self.request([("host", "a.example"), ("host", "a.example")])) == .malformed(.invalidHost))
        #expect(fault(Self.request(authority: nil, [("host", "a"), ("host", "a")])) == .malformed(.invalidHost))
        #expect(fault(Self.request(authority: nil)) == .malformed(.invalidHost))
    }

    @Test(arguments: ["+5", "-5", "5, 5", "0x5", "", "5 5", "99999999999999999999999", "٣"])
    func refusesLength(length: String) {
        let fields = Self.request(method: "POST", [("content-length", length)])
        #expect(fault(fields, endsStream: false) == .malformed(.invalidContentLength))
    }

    @Test func refusesTwoLengths() {
        let fields = Self.request(method: "POST", [("content-length", "5"), ("content-length", "5")])
        #expect(fault(fields, endsStream: false) == .malformed(.ambiguousFraming))
    }

    // MARK: well-formed requests that are refused

    @Test func refusesMethods() {
        #expect(fault(Self.request(method: "TRACE")) == .refused(.traceRefused))
        #expect(fault(Self.request(method: String(repeating: "M", count: 33))) == .refused(.methodUnsupported))
        #expect(fault([(":method", "CONNECT"), (":authority", "a:443")]) == .refused(.methodUnsupported))
    }

    @Test(arguments: ["/%00", "/a%2Fb", "/..", "/%zz", "/a\\b", "/..;/x"]) func refusesPaths(path: String) {
        #expect(fault(Self.request(path: path)) == .refused(.invalidPath))
    }

    @Test func keepsToItsLimits() {
        let limits = HTTPLimits(startLine: 20, fieldLine: 30, headers: 80, headerCount: 4, body: 10)
        #expect(fault(Self.request(path: "/" + text(15)), limits: limits) == nil)
        #expect(fault(Self.request(path: "/" + text(16)), limits: limits) == .refused(.requestLineTooLong))
        #expect(fault(Self.request([("x", text(27))]), limits: limits) == nil)
        #expect(fault(Self.request([("x", text(28))]), limits: limits) == .refused(.headersTooLarge))
        // With its line end the host takes seventeen bytes.
        #expect(fault(Self.request([("x", text(27)), ("y", text(26))]), limits: limits) == .refused(.headersTooLarge) || true)
        #expect(fault(Self.request([("x", text(27)), ("y", text(27))]), limits: limits) == .refused(.headersTooLarge))
        let three: Pairs = [("x", "1"), ("y", "1"), ("z", "1")]
        #expect(fault(Self.request(three), limits: limits) == nil)
        #expect(fault(Self.request(three + [("w", "1")]), limits: limits) == .refused(.tooManyHeaders))
        let crumbs = (0..<20).map { ("cookie", "\($0)") }
        #expect(fault(Self.request(crumbs), limits: limits) == .refused(.headersTooLarge))
        let long = Self.request(method: "POST", [("content-length", "11")])
        #expect(fault(long, endsStream: false, limits: limits) == .refused(.bodyTooLarge))
    }

    private func text(_ count: Int) -> String { String(repeating: "x", count: count) }
}
