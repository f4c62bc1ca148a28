import SallyportModel
import Testing

@testable import SallyportHTTP

/// One raw response and what has to become of it.
struct ResponseCase: Sendable, CustomTestStringConvertible {
    enum Outcome: Sendable {
        /// Status line, framing, content and whether the connection is kept, of the last head.
        case accept(String, BodyFraming, String, keepAlive: Bool)
        case refuse(Reason)
    }

    let raw: [UInt8]
    let method: Method
    let closes: Bool
    let outcome: Outcome

    var testDescription: String { "\(method) \(String(decoding: raw, as: UTF8.self).debugDescription)" }

    static func accept(
        _ raw: String, to method: Method = .get, closes: Bool = false, line: String = "200 OK",
        _ framing: BodyFraming, body: String = "", keepAlive: Bool = true
    ) -> ResponseCase {
        ResponseCase(
            raw: Array(raw.utf8), method: method, closes: closes,
            outcome: .accept(line, framing, body, keepAlive: keepAlive))
    }

    static func refuse(
        _ raw: String, to method: Method = .get, closes: Bool = false, _ reason: Reason = .upstreamMalformed
    ) -> ResponseCase {
        ResponseCase(raw: Array(raw.utf8), method: method, closes: closes, outcome: .refuse(reason))
    }
}

extension ResponseCase {
    static let accepted: [ResponseCase] = [
        .accept("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", .length(2), body: "ab"),
        .accept("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", .length(0)),
        .accept(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: CHUNKED\r\n\r\n1\r\na\r\n0\r\nx: y\r\n\r\n", .chunked, body: "a"),
        .accept("HTTP/1.1 200 OK\r\n\r\nabc", closes: true, .untilClose, body: "abc", keepAlive: false),
        .accept("HTTP/1.1 200 OK\r\n\r\n", closes: true, .untilClose, keepAlive: false),
        .accept("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", .length(1), body: "a", keepAlive: false),
        .accept("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", .length(0), keepAlive: false),
        .accept("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", .length(0), keepAlive: false),
        .accept("HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", line: "200 ", .length(0)),
        .accept("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", line: "200 ", .length(0)),
        .accept("HTTP/1.1 200 a \tb\u{e9}\r\nContent-Length: 0\r\n\r\n", line: "200 a \tb\u{e9}", .length(0)),
        .accept("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", to: .head, .none),
        .accept("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", to: .head, .none),
        .accept("HTTP/1.1 200 OK\r\n\r\n", to: .head, .none),
        .accept("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", line: "304 Not Modified", .none),
        .accept("HTTP/1.1 204 No Content\r\n\r\n", line: "204 No Content", .none),
        .accept("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", line: "204 No Content", .none),
        .accept("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", .length(1), body: "a"),
        .accept("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", .length(0)),
        .accept("HTTP/1.1 404 Not Found\r\nContent-Length : 1\r\n\r\na", line: "404 Not Found", .length(1), body: "a"),
        .accept("HTTP/1.1 200 OK\r\nTransfer-Encoding \t: chunked\r\n\r\n0\r\n\r\n", .chunked),
        .accept("HTTP/1.1 200 OK\r\nX: \r\nX_y: z\r\nContent-Length: 0\r\n\r\n", .length(0)),
        .accept("HTTP/1.1 599 x\r\nContent-Length: 0\r\n\r\n", line: "599 x", .length(0)),
    ]

    static let refused: [ResponseCase] = [
        .refuse("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"),
        .refuse("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        .refuse("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na"),
        .refuse("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na"),
        .refuse("HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\na"),
        .refuse("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\na"),
        .refuse("HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\na"),
        .refuse("HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\na"),
        .refuse("HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551616\r\n\r\n"),
        .refuse("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", to: .head),
        .refuse("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        .refuse("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        .refuse("HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n"),
        .refuse("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        .refuse("HTTP/1.1 200 OK\r\nTransfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n"),
        .refuse("HTTP/1.1 204 No Content\r\nContent-Length: 1\r\n\r\na"),
        .refuse("HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        .refuse("HTTP/1.1 100 Continue\r\nContent-Length: 1\r\n\r\na"),
        .refuse(String(repeating: "HTTP/1.1 103 x\r\n\r\n", count: 17)),
        .refuse("HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n"),
        .refuse("HTTP/1.1 200 OK\r\nX: a\u{0}\r\n\r\n"),
        .refuse("HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n"),
        .refuse("HTTP/1.1 200 OK\nX: a\n\n"),
        .refuse("HTTP/1.1 200 OK\r\nX\r\n\r\n"),
        .refuse("HTTP/1.1 200 OK\r\n: x\r\n\r\n"),
        .refuse("HTTP/1.1 200 O\u{0}K\r\n\r\n"),
        .refuse("HTTP/1.1 200 O\rK\r\n\r\n"),
        .refuse("HTTP/1.1 20 OK\r\n\r\n"),
        .refuse("HTTP/1.1 2000 OK\r\n\r\n"),
        .refuse("HTTP/1.1 099 OK\r\n\r\n"),
        .refuse("HTTP/1.1 600 OK\r\n\r\n"),
        .refuse("HTTP/1.1 +20 OK\r\n\r\n"),
        .refuse("HTTP/1.1  200 OK\r\n\r\n"),
        .refuse("HTTP/1.1\t200 OK\r\n\r\n"),
        .refuse("HTTP/1.1 \r\n\r\n"),
        .refuse("HTTP/1.1\r\n\r\n"),
        .refuse("H\r\n\r\n"),
        .refuse("HTTP/1.2 200 OK\r\n\r\n"),
        .refuse("HTTP/2.0 200 OK\r\n\r\n"),
        .refuse("ICY 200 OK\r\n\r\n"),
        .refuse("\r\nHTTP/1.1 200 OK\r\n\r\n"),
        .refuse("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        .refuse("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx"),
        .refuse("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab"),
        .refuse("HTTP/1.1 200 OK\r\n\r\n0", to: .head),
        .refuse("HTTP/1.1 304 x\r\nContent-Length: 1\r\n\r\na"),
        .refuse("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na", closes: true, .upstreamTruncated),
        .refuse("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n", closes: true, .upstreamTruncated),
        .refuse("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", closes: true, .upstreamTruncated),
        .refuse("HTTP/1.1 200 OK\r\nContent-", closes: true, .upstreamTruncated),
        .refuse("", closes: true, .upstreamTruncated),
        .refuse("HTTP/1.1 100 Continue\r\n\r\n", closes: true, .upstreamTruncated),
        .refuse("HTTP/1.1 200 \(String(repeating: "x", count: 9000))", .upstreamHeadTooLarge),
        .refuse("HTTP/1.1 200 OK\r\nX: \(String(repeating: "x", count: 17000))", .upstreamHeadTooLarge),
    ]
}
