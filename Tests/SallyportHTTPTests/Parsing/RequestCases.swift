import SallyportModel
import Testing

@testable import SallyportHTTP

/// One raw request and what has to become of it.
struct RequestCase: Sendable, CustomTestStringConvertible {
    enum Outcome: Sendable {
        /// Request line, authority, framing and content of the first message, which is complete.
        case accept(String, String, BodyFraming, String)
        case refuse(Reason)
    }

    let raw: [UInt8]
    let outcome: Outcome
    let testDescription: String

    static func accept(
        _ raw: String, _ line: String = "GET /", host: String = "a", _ framing: BodyFraming = .none, body: String = ""
    ) -> RequestCase {
        RequestCase(
            raw: Array(raw.utf8), outcome: .accept(line, host, framing, body), testDescription: raw.debugDescription)
    }

    static func refuse(_ raw: String, _ reason: Reason) -> RequestCase {
        RequestCase(raw: Array(raw.utf8), outcome: .refuse(reason), testDescription: raw.debugDescription)
    }

    /// For bytes that are no UTF-8.
    static func refuse(_ raw: [UInt8], _ reason: Reason) -> RequestCase {
        RequestCase(raw: raw, outcome: .refuse(reason), testDescription: "\(raw)")
    }

    /// A request with this target.
    static func target(_ target: String, _ reason: Reason) -> RequestCase {
        refuse("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n", reason)
    }

    /// A GET of "/" with these field lines.
    static func fields(_ lines: String, _ reason: Reason) -> RequestCase {
        refuse("GET / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n\r\n", reason)
    }

    /// A POST with this Transfer-Encoding value.
    static func coding(_ value: String, _ reason: Reason) -> RequestCase {
        refuse("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\(value)\r\n\r\n0\r\n\r\n", reason)
    }

    /// A POST with this Content-Length value.
    static func length(_ value: String, _ reason: Reason) -> RequestCase {
        refuse("POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\(value)\r\n\r\nabcde", reason)
    }

    /// A POST with these bytes as its chunked content.
    static func chunks(_ content: String, _ reason: Reason) -> RequestCase {
        refuse("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(content)", reason)
    }

    static func acceptChunks(_ content: String, body: String) -> RequestCase {
        accept(
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(content)", "POST /", .chunked, body: body
        )
    }

    /// A request with this Host value.
    static func host(_ value: String) -> RequestCase {
        refuse("GET / HTTP/1.1\r\nHost: \(value)\r\n\r\n", .invalidHost)
    }

    static func acceptHost(_ value: String, _ authority: String) -> RequestCase {
        accept("GET / HTTP/1.1\r\nHost: \(value)\r\n\r\n", host: authority)
    }
}

extension RequestCase {
    static let accepted: [RequestCase] = [
        .accept("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        .accept("GET / HTTP/1.0\r\nHost: a\r\n\r\n"),
        .accept("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        .accept("GET /x?y=1&z=%00[{\"a\"}]?/ HTTP/1.1\r\nHost: a\r\n\r\n", "GET /x?y=1&z=%00[{\"a\"}]?/"),
        .accept("GET /? HTTP/1.1\r\nHost: a\r\n\r\n", "GET /?"),
        .accept("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS *"),
        .accept("OPTIONS http://a HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS *"),
        .accept("OPTIONS http://a?x HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS /?x"),
        .accept("GET http://a HTTP/1.1\r\nHost: a\r\n\r\n"),
        .accept("GET http://a?q HTTP/1.1\r\nHost: a\r\n\r\n", "GET /?q"),
        .accept(
            "GET hTTps://A.example:8443/x/../y HTTP/1.1\r\nHost: a.EXAMPLE.:8443\r\n\r\n", "GET /y",
            host: "a.example:8443"),
        .accept("GET http://a:80/ HTTP/1.1\r\nHost: a\r\n\r\n", host: "a:80"),
        .accept("GET https://a/ HTTP/1.1\r\nHost: a:443\r\n\r\n"),
        .accept("FOO /x HTTP/1.1\r\nHost: a\r\n\r\n", "FOO /x"),
        .accept("M-SEARCH /x HTTP/1.1\r\nHost: a\r\n\r\n", "M-SEARCH /x"),
        .accept("get / HTTP/1.1\r\nHost: a\r\n\r\n", "get /"),
        .accept("GET / HTTP/1.1\r\nHOST:a\r\n\r\n"),
        .accept("GET / HTTP/1.1\r\nHost:\t a \t\r\n\r\n"),
        .accept("GET / HTTP/1.1\r\nX:\r\nHost: a\r\nY: \t \r\n\r\n"),
        .accept("GET / HTTP/1.1\r\nHost: a\r\nX: a\tb\u{e9}\"\\\r\n\r\n"),
        .accept("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n\r\n"),
        .accept("GET / HTTP/1.1\r\nHost: a\r\nConnection: ,close,, \r\nConnection: keep-alive\r\n\r\n"),
        .accept("GET / HTTP/1.1\r\nHost: a\r\nConnection:\r\n\r\n"),
        .accept("GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n\r\n"),
        .accept("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "GET /", .length(0)),
        .accept("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", "GET /", .length(3), body: "abc"),
        .accept(
            "POST / HTTP/1.1\r\nHost: a\r\ncontent-length: \t007\t\r\n\r\nabcdefg", "POST /", .length(7),
            body: "abcdefg"),
        .accept("POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 1\r\n\r\na", "POST /", .length(1), body: "a"),
        .accept(
            "DELETE / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", "DELETE /",
            .chunked, body: "a"),
        .accept("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\n\r\n", "GET /", .chunked),
        .accept("POST / HTTP/1.1\r\nHost: a\r\nTRANSFER-ENCODING:\tcHUNKED \r\n\r\n0\r\n\r\n", "POST /", .chunked),
        .acceptChunks("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", body: "abcde"),
        .acceptChunks("A\r\n0123456789\r\n000\r\n\r\n", body: "0123456789"),
        .acceptChunks("0000000000000003\r\nabc\r\n0\r\n\r\n", body: "abc"),
        .acceptChunks("3;a=b\r\nabc\r\n0;x=\"q;\\\"\"\r\n\r\n", body: "abc"),
        .acceptChunks("3 \t;a\r\nabc\r\n0\r\n\r\n", body: "abc"),
        .acceptChunks("0\r\nX: y\r\nContent-Length: 100\r\nTransfer-Encoding: gzip\r\n\r\n", body: ""),
        .acceptChunks("0\r\nX:\r\n\r\n", body: ""),
        .acceptHost("EXAMPLE.org", "example.org"),
        .acceptHost("example.org.", "example.org"),
        .acceptHost("example.org.:8443", "example.org:8443"),
        .acceptHost("a_b-c.d:65535", "a_b-c.d:65535"),
        .acceptHost("127.0.0.1:0", "127.0.0.1:0"),
        .acceptHost("[::1]", "[::1]"),
        .acceptHost("[2001:DB8::1]:8443", "[2001:db8::1]:8443"),
        .acceptHost("[::ffff:192.0.2.1]", "[::ffff:192.0.2.1]"),
        .acceptHost("[1:2:3:4:5:6:7:8]", "[1:2:3:4:5:6:7:8]"),
        .acceptHost("[1::8]", "[1::8]"),
        .acceptHost("[::]", "[::]"),
    ]

    static let refusedLines: [RequestCase] = [
        .refuse("GET /\r\n\r\n", .malformedRequestLine),
        .refuse("GET / \r\nHost: a\r\n\r\n", .malformedRequestLine),
        .refuse("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine),
        .refuse("GET /  HTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine),
        .refuse("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", .malformedRequestLine),
        .refuse("GET\t/\tHTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine),
        .refuse(" GET / HTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine),
        .refuse("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine),
        .refuse("GE:T / HTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine),
        .refuse("G\u{0}T / HTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine),
        .refuse("GET / http/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine),
        .refuse("GET / HTTP/1\r\nHost: a\r\n\r\n", .malformedRequestLine),
        .refuse("GET / HTTP/1.10\r\nHost: a\r\n\r\n", .malformedRequestLine),
        .refuse("GET / HTTP/01.1\r\nHost: a\r\n\r\n", .malformedRequestLine),
        .refuse("GET / HTTP 1.1\r\nHost: a\r\n\r\n", .malformedRequestLine),
        .refuse("DESCRIBE / RTSP/1.0\r\nHost: a\r\n\r\n", .malformedRequestLine),
        .refuse("GET / ICE/1.0\r\nHost: a\r\n\r\n", .malformedRequestLine),
        .refuse("HTTP/1.1 200 OK\r\nHost: a\r\n\r\n", .malformedRequestLine),
        .refuse("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine),
        .refuse("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine),
        .refuse("\r\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine),
        .refuse("GET / HTTP/1.2\r\nHost: a\r\n\r\n", .versionUnsupported),
        .refuse("GET / HTTP/1.9\r\nHost: a\r\n\r\n", .versionUnsupported),
        .refuse("GET / HTTP/2.0\r\nHost: a\r\n\r\n", .versionUnsupported),
        .refuse("GET / HTTP/0.9\r\nHost: a\r\n\r\n", .versionUnsupported),
        .refuse("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .versionUnsupported),
        .refuse("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", .methodUnsupported),
        .refuse("\(String(repeating: "M", count: 33)) / HTTP/1.1\r\nHost: a\r\n\r\n", .methodUnsupported),
        .refuse("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", .traceRefused),
        .target("*", .invalidTarget),
        .target("x", .invalidTarget),
        .target("a:80", .invalidTarget),
        .target("/#frag", .invalidTarget),
        .target("/?q#frag", .invalidTarget),
        .target("http://a#frag", .invalidTarget),
        .target("ftp://a/", .invalidTarget),
        .target("http:/a/", .invalidTarget),
        .target("file:///etc/passwd", .invalidTarget),
        .target("/\u{e9}", .invalidTarget),
        .target("/?\u{e9}", .invalidTarget),
        .target("/\u{0}", .invalidTarget),
        .target("/\u{7f}", .invalidTarget),
        .target("/a\tb", .invalidTarget),
        .target("/a\rb", .malformedRequestLine),
        .target("/a\nb", .malformedRequestLine),
        .target("\\", .invalidTarget),
        .target("http://u@a/", .invalidHost),
        .target("http://u:p@a/", .invalidHost),
        .target("http:///x", .invalidHost),
        .target("http://b/", .invalidHost),
        .target("http://a:8080/", .invalidHost),
        .target("https://a:80/", .invalidHost),
        .target("http://a,b/", .invalidHost),
        .target("/..", .invalidPath),
        .target("/a/../../b", .invalidPath),
        .target("/%2e%2E/x", .invalidPath),
        .target("/a%00b", .invalidPath),
        .target("/a%2fb", .invalidPath),
        .target("/a%2Fb", .invalidPath),
        .target("/a%5cb", .invalidPath),
        .target("/a\\b", .invalidPath),
        .target("/a%0d%0aX:y", .invalidPath),
        .target("/%", .invalidPath),
        .target("/%4", .invalidPath),
        .target("/%zz", .invalidPath),
        .target("/%u0041", .invalidPath),
        .target("/a/..;/b", .invalidPath),
        .target("/a/.;x/b", .invalidPath),
        .target("/<script>", .invalidPath),
        .target("/a{b}", .invalidPath),
        .target("http://a/../x", .invalidPath),
    ]

    static let refusedFields: [RequestCase] = [
        .refuse("GET / HTTP/1.1\r\n\r\n", .invalidHost),
        .refuse("GET / HTTP/1.0\r\n\r\n", .invalidHost),
        .refuse("GET http://a/ HTTP/1.1\r\n\r\n", .invalidHost),
        .fields("Host: a", .invalidHost),
        .fields("hOsT: b", .invalidHost),
        .host(""), .host("a,b"), .host("a b"), .host("u@a"), .host("http://a"), .host("a/b"), .host("a:"), .host(":80"),
        .host("a:65536"), .host("a:123456"), .host("a:+1"), .host("a:8a"), .host("a:1:2"), .host("a..b"), .host("."),
        .host(".a"), .host("a.."), .host("a%2eb"), .host("a?b"), .host("a#b"), .host("\u{e9}"), .host("a\"b"),
        .host("["), .host("[]"), .host("[::1"), .host("::1"), .host("[:::1]"), .host("[1::2::3]"), .host("[1:2]"),
        .host("[g::]"), .host("[::12345]"), .host("[::1%25eth0]"), .host("[::1]x"), .host("[::1]]"), .host("[1:]"),
        .host("[:1]"), .host("[::1.2.3]"), .host("[::1.2.3.256]"), .host("[::1.2.3.04]"), .host("[::1.2.3.4.5]"),
        .host("[1:2:3:4:5:6:7:8:9]"), .host("[1:2:3:4:5:6:7::8]:"), .host("[v1.x]"), .host("[1.2.3.4]"),
        .host(String(repeating: "a", count: 256)),
        .fields("X : y", .malformedField),
        .fields("X\t: y", .malformedField),
        .fields(": y", .malformedField),
        .fields("X", .malformedField),
        .fields("X y", .malformedField),
        .fields("X: a\r\n b", .malformedField),
        .fields("X: a\r\n\tb", .malformedField),
        .fields("X: a\r\n : b", .malformedField),
        .fields("X(: y", .malformedField),
        .fields("X\u{e9}: y", .malformedField),
        .fields("X: a\u{0}b", .malformedField),
        .fields("X: a\u{b}b", .malformedField),
        .fields("X: a\u{7f}b", .malformedField),
        .fields("X\u{0}: b", .malformedField),
        .refuse("GET / HTTP/1.1\r\n Host: a\r\n\r\n", .malformedField),
        .refuse("GET / HTTP/1.1\r\n Host: a\r\nHost: a\r\n\r\n", .malformedField),
        .fields("X: a\rb", .bareLineEnd),
        .fields("X: a\r\rY: b", .bareLineEnd),
        .fields("X: a\nY: b", .bareLineEnd),
        .fields("X\r: b", .bareLineEnd),
        .fields("\rX: b", .bareLineEnd),
        .fields("X\nY: b", .bareLineEnd),
        .refuse("GET / HTTP/1.1\nHost: a\r\n\r\n", .bareLineEnd),
        .refuse("GET / HTTP/1.1\r\nHost: a\n\r\n", .bareLineEnd),
        .refuse("GET / HTTP/1.1\nHost: a\n\n", .bareLineEnd),
        .refuse("GET / HTTP/1.1\r\nHost: a\r\n\n", .bareLineEnd),
        .refuse("GET / HTTP/1.1\rHost: a\r\n\r\n", .bareLineEnd),
        .fields("Connection: a b", .malformedConnection),
        .fields("Connection: \"close\"", .malformedConnection),
        .fields("Connection: close;x", .malformedConnection),
        .fields("Connection: \(String(repeating: "a,", count: 33))", .malformedConnection),
        .fields("Expect: 200-ok", .expectationUnsupported),
        .fields("Expect:", .expectationUnsupported),
        .fields("Expect: 100-continue, x", .expectationUnsupported),
        .fields("Expect: 100-continue\r\nExpect: 100-continue", .expectationUnsupported),
        .refuse("OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: x\r\n\r\n", .invalidMaxForwards),
        .refuse("OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 1\r\nMax-Forwards: 1\r\n\r\n", .invalidMaxForwards),
        .refuse(Array("GET / HTTP/1.1\r\nHost: a\r\nX\u{0}".utf8) + [0xA0, 0x0D, 0x0A, 0x0D, 0x0A], .malformedField),
    ]

    static let refusedFraming: [RequestCase] = [
        .refuse(
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX",
            .ambiguousFraming),
        .refuse(
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n0\r\n\r\n",
            .ambiguousFraming),
        .refuse("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x\r\nContent-Length: 0\r\n\r\n", .ambiguousFraming),
        .refuse("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", .ambiguousFraming),
        .refuse("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na", .ambiguousFraming),
        .refuse("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na", .ambiguousFraming),
        .coding(" chunked\r\nTransfer-Encoding: chunked", .ambiguousFraming),
        .coding(" chunked\r\nTransfer-Encoding: identity", .ambiguousFraming),
        .coding(" identity\r\nTransfer-encoding: chunked", .ambiguousFraming),
        .coding(" gzip, chunked", .transferCodingUnsupported),
        .coding(" x, chunked", .transferCodingUnsupported),
        .coding(" identity", .transferCodingUnsupported),
        .coding(" gzip", .transferCodingUnsupported),
        .coding(" xchunked", .transferCodingUnsupported),
        .coding(" chunkedx", .transferCodingUnsupported),
        .coding(" chunked, chunked", .invalidTransferEncoding),
        .coding(" chunked, identity", .invalidTransferEncoding),
        .coding(" chunked,", .invalidTransferEncoding),
        .coding(" ,chunked", .invalidTransferEncoding),
        .coding(" chunked , ", .invalidTransferEncoding),
        .coding("", .invalidTransferEncoding),
        .coding(" ,", .invalidTransferEncoding),
        .coding(" \"chunked\"", .invalidTransferEncoding),
        .coding(" 'chunked'", .transferCodingUnsupported),
        .coding(" chunked;q=1", .invalidTransferEncoding),
        .coding(" chunked foo", .invalidTransferEncoding),
        .coding(" \u{b}chunked", .malformedField),
        .coding(" chunked\u{0}", .malformedField),
        .coding("\r\n chunked", .malformedField),
        .coding("\u{c}chunked", .malformedField),
        .coding(" chunked\u{a0}", .invalidTransferEncoding),
        .fields("Transfer-Encoding : chunked", .malformedField),
        .fields("Transfer-Encoding\u{b}: chunked", .malformedField),
        .length(" +5", .invalidContentLength), .length(" -5", .invalidContentLength),
        .length(" 0x5", .invalidContentLength), .length(" 5, 5", .invalidContentLength),
        .length(" 5,", .invalidContentLength), .length("", .invalidContentLength),
        .length(" 5 5", .invalidContentLength), .length(" 5.0", .invalidContentLength),
        .length(" 5e0", .invalidContentLength), .length(" 5;x", .invalidContentLength),
        .length(" \"5\"", .invalidContentLength), .length(" 1_0", .invalidContentLength),
        .length(" \u{661}", .invalidContentLength),
        .length(" 18446744073709551616", .invalidContentLength),
        .length(" 18446744073709551621", .invalidContentLength),
        .length(" 9223372036854775808", .invalidContentLength),
        .length(" 000000000000000000005", .invalidContentLength),
        .length(" 10485761", .bodyTooLarge),
        .length(" 922337203685477579", .bodyTooLarge),
        .chunks("x\r\n", .malformedChunk), .chunks("\r\n", .malformedChunk), .chunks(";a\r\n", .malformedChunk),
        .chunks(" 1\r\na\r\n", .malformedChunk), .chunks("+1\r\na\r\n", .malformedChunk),
        .chunks("-1\r\na\r\n", .malformedChunk), .chunks("0x1\r\na\r\n", .malformedChunk),
        .chunks("1 \r\na\r\n", .malformedChunk), .chunks("1\t\r\na\r\n", .malformedChunk),
        .chunks("1 2\r\na\r\n", .malformedChunk), .chunks("1\na\r\n", .malformedChunk),
        .chunks("1\rXa\r\n", .malformedChunk), .chunks("1;\na\r\n", .malformedChunk),
        .chunks("1;a\rb\r\na\r\n", .malformedChunk), .chunks("1;a\u{0}\r\na\r\n", .malformedChunk),
        .chunks("1\r\nab\r\n", .malformedChunk), .chunks("1\r\na\n", .malformedChunk),
        .chunks("1\r\na\rX", .malformedChunk), .chunks("1\r\na0\r\n\r\n", .malformedChunk),
        .chunks("2\r\na\r\n0\r\n\r\n", .malformedChunk), .chunks("1_0\r\n", .malformedChunk),
        .chunks("00000000000000001\r\na\r\n", .malformedChunk),
        .chunks("10000000000000001\r\na\r\n", .malformedChunk),
        .chunks("FFFFFFFFFFFFFFFF\r\na\r\n", .bodyTooLarge),
        .chunks("1\r\na\r\nFFFFFFFFFFFFFFFF\r\n", .bodyTooLarge),
        .chunks("A00001\r\n", .bodyTooLarge),
        .chunks("0\r\nX\r\n\r\n", .malformedTrailer), .chunks("0\r\n: x\r\n\r\n", .malformedTrailer),
        .chunks("0\r\n x: y\r\n\r\n", .malformedTrailer), .chunks("0\r\nx : y\r\n\r\n", .malformedTrailer),
        .chunks("0\r\nx: y\nz: a\r\n\r\n", .malformedTrailer), .chunks("0\r\nx: \u{0}\r\n\r\n", .malformedTrailer),
        .chunks("0\r\n\n", .malformedTrailer), .chunks("0\r\n\rX", .malformedTrailer),
        .chunks("0\r\nx: y\r\n z\r\n\r\n", .malformedTrailer),
        .chunks("0\r\nGET / HTTP/1.1\r\n\r\n", .malformedTrailer),
    ]
}
