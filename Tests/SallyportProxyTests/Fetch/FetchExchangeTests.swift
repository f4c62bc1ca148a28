import SallyportModel
import SallyportPKI
import Testing

@testable import SallyportProxy

@Suite struct FetchExchangeTests {
    private static let url = FetchURL("http://ca.example.org:8080/crl?x=1")

    private static func request(_ method: FetchRequest.Method = .get, content: Int = 100) throws -> FetchRequest {
        FetchRequest(
            method, try #require(url), fields: [.contentType("application/jose+json")], body: Array("{}".utf8),
            bounds: FetchBounds(content: content))
    }

    private enum Outcome: Equatable {
        case response(Int, String)
        case failed(UInt16)
        case needMore
    }

    /// Feeds the text in pieces of this size.
    private func feed(
        _ text: String, _ request: FetchRequest, pieces size: Int = .max, closes: Bool = false, torn: Bool = false
    ) -> Outcome {
        var exchange = FetchExchange(request, to: request.url)
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: min(size, bytes.count)) {
            let piece = Array(bytes[start..<min(bytes.count, start + min(size, bytes.count))])
            let outcome = Self.outcome(exchange.receive(piece.span.bytes))
            if outcome != .needMore { return outcome }
        }
        return closes ? Self.outcome(exchange.inputClosed(isTorn: torn)) : .needMore
    }

    private static func outcome(_ progress: FetchExchange.Progress) -> Outcome {
        switch progress {
        case .needMore: .needMore
        case .complete(let response): .response(response.status, String(decoding: response.body, as: UTF8.self))
        case .failed(let failure): .failed(failure.reason.code)
        }
    }

    @Test func aRequestIsWritten() throws {
        let text = String(decoding: FetchExchange.bytes(of: try Self.request(.post), to: try #require(Self.url)), as: UTF8.self)
        #expect(
            text == """
                POST /crl?x=1 HTTP/1.1\r
                Host: ca.example.org:8080\r
                User-Agent: sallyport\r
                Connection: close\r
                Accept-Encoding: identity\r
                content-type: application/jose+json\r
                Content-Length: 2\r
                \r
                {}
                """)
        let get = String(decoding: FetchExchange.bytes(of: try Self.request(), to: try #require(Self.url)), as: UTF8.self)
        #expect(get.hasPrefix("GET /crl?x=1 HTTP/1.1\r\n") && get.hasSuffix("\r\n\r\n") && !get.contains("Length"))
    }

    @Test(arguments: 1...40) func anAnswerIsGatheredHoweverItComes(size: Int) throws {
        let request = try Self.request()
        let length = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
        let chunked = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"
        #expect(feed(length, request, pieces: size) == .response(200, "hello"))
        #expect(feed(chunked, request, pieces: size) == .response(404, "hello"))
        #expect(feed("HTTP/1.0 200 OK\r\n\r\nhello", request, pieces: size, closes: true) == .response(200, "hello"))
    }

    @Test func headHasNoContent() throws {
        #expect(feed("HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", try Self.request(.head, content: 100_000)) == .response(200, ""))
    }

    @Test func contentIsBounded() throws {
        let request = try Self.request(content: 4)
        let tooLarge = Outcome.failed(Reason.fetchTooLarge.code)
        #expect(feed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", request) == tooLarge)
        #expect(feed("HTTP/1.1 200 OK\r\nContent-Length: 9007199254740992\r\n\r\n", request) == tooLarge)
        #expect(feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", request) == tooLarge)
        #expect(feed("HTTP/1.0 200 OK\r\n\r\nabcde", request, closes: true) == tooLarge)
        #expect(feed("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabcd", request) == .response(200, "abcd"))
    }

    @Test func headIsBounded() throws {
        let fields = String(repeating: "a: b\r\n", count: 101)
        #expect(feed("HTTP/1.1 200 OK\r\n\(fields)\r\n", try Self.request()) == .failed(Reason.fetchTooLarge.code))
    }

    @Test(arguments: [
        "SSH-2.0-OpenSSH\r\n\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "\u{15}\u{3}\u{3}\u{0}\u{2}\r\n\r\n",
    ])
    func nonsenseIsRefused(text: String) throws {
        #expect(feed(text, try Self.request()) == .failed(Reason.fetchMalformed.code))
    }

    @Test(arguments: ["", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", "HTTP/1.1 103 Hints\r\n\r\n"])
    func anAnswerCutShortIsNone(text: String) throws {
        let request = try Self.request()
        var exchange = FetchExchange(request, to: request.url)
        _ = exchange.receive(Array(text.utf8).span.bytes)
        #expect(Self.outcome(exchange.inputClosed(isTorn: false)) == .failed(Reason.fetchUnreachable.code))
    }

    /// A length that the end of the connection decides can be cut by anybody on the way.
    @Test func aTornConnectionIsNoEnd() throws {
        #expect(
            feed("HTTP/1.0 200 OK\r\n\r\nhello", try Self.request(), closes: true, torn: true)
                == .failed(Reason.fetchUnreachable.code))
    }
}
