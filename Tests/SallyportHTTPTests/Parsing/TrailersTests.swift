import SallyportModel
import Testing

@testable import SallyportHTTP

@Suite struct TrailersTests {
    /// What goes on of the trailers of a chunked message, however its bytes are cut.
    private func forwarded(_ lines: String, response: Bool = false) -> String? {
        let start =
            response
            ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            : "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        let raw = Array((start + "1\r\nx\r\n0\r\n\(lines)\r\n").utf8)
        let whole = trailers(raw, response: response, step: raw.count)
        let bytewise = trailers(raw, response: response, step: 1)
        #expect(whole == bytewise)
        return whole
    }

    private func trailers(_ raw: [UInt8], response: Bool, step: Int) -> String? {
        var requests = RequestParser(limits: HTTPLimits())
        var responses = ResponseParser(limits: HTTPLimits())
        responses.expect(.get)
        for start in stride(from: 0, to: raw.count, by: step) {
            var piece = Array(raw[start..<min(start + step, raw.count)])[...]
            while true {
                let bytes = Array(piece)
                let consumed: Int
                if response {
                    let next = responses.next(bytes.span.bytes)
                    consumed = next.consumed
                    if case .end(let trailers) = next.event { return text(trailers) }
                    if case .needMore = next.event { break }
                    if case .refused = next.event { return nil }
                } else {
                    let next = requests.next(bytes.span.bytes)
                    consumed = next.consumed
                    if case .end(let trailers) = next.event { return text(trailers) }
                    if case .needMore = next.event { break }
                    if case .refused = next.event { return nil }
                }
                piece = piece.dropFirst(consumed)
            }
        }
        return nil
    }

    private func text(_ trailers: Trailers?) -> String {
        var writer = BodyWriter(.chunked)
        var out: [UInt8] = []
        _ = writer.finish(trailers, into: &out)
        return String(decoding: out.dropFirst(3).dropLast(2), as: UTF8.self)
    }

    @Test func goOnAsTheyCame() {
        #expect(forwarded("") == "")
        #expect(forwarded("X-Sum: 1\r\nx-more:  two \r\n") == "X-Sum: 1\r\nx-more: two\r\n")
        #expect(forwarded("grpc-status: 0\r\n", response: true) == "grpc-status: 0\r\n")
    }

    /// Whoever merges them into the head must find nothing there that it would act on.
    @Test(arguments: [
        "Content-Length: 5", "Transfer-Encoding: chunked", "Host: b", "Authorization: x", "Cookie: a=b", "Connection: close",
        "X-Forwarded-For: 1.2.3.4", "Client-Cert: :AA==:", "Content-Type: text/html", "Content-Encoding: gzip", "TE: gzip",
        "Trailer: x", "Expect: 100-continue", "Range: bytes=0-1", "Cache-Control: private", "X-Request-Id: 1", "Max-Forwards: 1",
        "X_Forwarded_For: 1.2.3.4",
    ])
    func whatDecidesStaysBehind(_ line: String) {
        #expect(forwarded("X-Before: 1\r\n\(line)\r\nX-After: 2\r\n") == "X-Before: 1\r\nX-After: 2\r\n")
    }

    @Test(arguments: ["bad line", ": x", "X : y", "X: a\nY: b"]) func malformedOnesAreRefused(_ line: String) {
        #expect(forwarded("\(line)\r\n") == nil)
        #expect(forwarded("\(line)\r\n", response: true) == nil || line == "X : y")
    }
}
