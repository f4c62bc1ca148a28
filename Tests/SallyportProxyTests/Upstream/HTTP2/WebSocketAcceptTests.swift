import SallyportHTTP
import Testing

@testable import SallyportProxy

@Suite struct WebSocketAcceptTests {
    private struct NoHead: Error {}

    private func accept(_ fields: String) throws -> String? {
        var parser = RequestParser(limits: HTTPLimits())
        let raw = Array("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n".utf8)
        guard case .head(let head) = parser.next(raw.span.bytes).event else { throw NoHead() }
        return WebSocketAccept(head).map { String(decoding: $0.value, as: UTF8.self) }
    }

    /// The examples of RFC 6455 §1.3 and §4.2.2 share this key.
    @Test func theExampleOfTheStandard() throws {
        #expect(try accept("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    }

    @Test(arguments: [
        "", "Sec-WebSocket-Key: \r\n", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ\r\n",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQAA\r\n", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=A\r\n",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub2=jZQ==\r\n", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==AAAA\r\n",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nConnection: Sec-WebSocket-Key\r\n",
    ])
    func noOtherKeyIsAnswered(_ fields: String) throws {
        #expect(try accept(fields) == nil)
    }
}
