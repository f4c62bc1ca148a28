import SallyportModel
import Testing

@testable import SallyportHTTP

@Suite struct TunnelTests {
    private func parsed(_ lines: String, line: String = "GET /chat HTTP/1.1") -> RequestHead? {
        let raw = Array("\(line)\r\nHost: a\r\n\(lines)\r\n".utf8)
        var parser = RequestParser(limits: HTTPLimits())
        guard case .head(let head) = parser.next(raw.span.bytes).event else { return nil }
        return head
    }

    @Test func upgradeToWebSocket() throws {
        let head = try #require(parsed("Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Key: k\r\n"))
        #expect(head.tunnel == .webSocket)
        var out: [UInt8] = []
        writeRequest(head, RequestForwarding(framing: head.framing), into: &out)
        let text = String(decoding: out, as: UTF8.self)
        #expect(text.contains("Connection: Upgrade\r\nUpgrade: websocket\r\n"))
        #expect(text.contains("Sec-WebSocket-Key: k\r\n"))
    }

    /// What is no such upgrade is a request like any other, and its Upgrade goes no further (RFC 9110 §7.8).
    @Test(arguments: [
        ("Connection: Upgrade\r\nUpgrade: h2c\r\n", "GET / HTTP/1.1"),
        ("Upgrade: websocket\r\n", "GET / HTTP/1.1"),
        ("Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n", "GET / HTTP/1.1"),
        ("Connection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: websocket\r\n", "GET / HTTP/1.1"),
        ("Connection: Upgrade, close\r\nUpgrade: websocket\r\n", "GET / HTTP/1.1"),
        ("Connection: Upgrade\r\nUpgrade: websocket\r\n", "GET / HTTP/1.0"),
        ("Connection: Upgrade\r\nUpgrade: websocket\r\n", "POST / HTTP/1.1"),
        ("Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n", "GET / HTTP/1.1"),
        ("Connection: Upgrade\r\nUpgrade: websocket\r\nTransfer-Encoding: chunked\r\n", "GET / HTTP/1.1"),
    ])
    func otherUpgradesAreIgnored(_ lines: String, _ line: String) throws {
        let head = try #require(parsed(lines, line: line))
        #expect(head.tunnel == nil)
        var out: [UInt8] = []
        writeRequest(head, RequestForwarding(framing: head.framing), into: &out)
        #expect(!String(decoding: out, as: UTF8.self).lowercased().contains("upgrade"))
    }

    private func answer(_ raw: String, tunnel: TunnelProtocol?) -> ([String], Bool) {
        var parser = ResponseParser(limits: HTTPLimits())
        parser.expect(.get, tunnel: tunnel)
        var rest = Array(raw.utf8)
        var content: [String] = []
        while true {
            let (consumed, event) = parser.next(rest.span.bytes)
            switch event {
            case .needMore: return (content, true)
            case .head(let head): content.append("\(head.status)")
            case .body(let range): content.append(String(decoding: rest[range], as: UTF8.self))
            case .end: content.append("end")
            case .refused: return (content, false)
            }
            rest.removeFirst(consumed)
        }
    }

    private static let agreed = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"

    @Test func everythingBehind101IsOpaque() {
        let (content, isGood) = answer(Self.agreed + "HTTP/1.1 200 OK\r\n\r\n", tunnel: .webSocket)
        #expect(isGood)
        #expect(content == ["101", "HTTP/1.1 200 OK\r\n\r\n"])
    }

    @Test(arguments: [
        agreed.replacing("websocket", with: "h2c"), agreed.replacing("Upgrade: websocket\r\n", with: ""),
        agreed.replacing("Connection: Upgrade\r\n", with: ""),
        agreed.replacing("\r\n\r\n", with: "\r\nContent-Length: 1\r\n\r\n"),
    ])
    func onlyWhatWasAskedForMayBeSwitchedTo(_ raw: String) {
        #expect(!answer(raw, tunnel: .webSocket).1)
    }

    @Test func nobodyWasAsked() {
        #expect(!answer(Self.agreed, tunnel: nil).1)
    }

    @Test func aRefusalIsAResponseLikeAnyOther() {
        let raw = "HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno"
        #expect(answer(raw, tunnel: .webSocket).0 == ["403", "no", "end"])
    }
}
