import Testing

@testable import SallyportHTTP

@Suite struct ResponseWriterTests {
    private func written(_ raw: String, to method: Method = .get, _ forwarding: ResponseForwarding) throws -> String {
        var out: [UInt8] = []
        writeResponse(try responseHead(raw, to: method), forwarding, into: &out)
        return String(decoding: out, as: UTF8.self)
    }

    @Test func theWholeHeadIsWrittenAnew() throws {
        let raw = """
            HTTP/1.0 200 Fine\r\nServer : x\r\nConnection: close, X-A\r\nX-A: 1\r\nKeep-Alive: 1\r\nTrailer: y\r\n\
            Content-Length: 3\r\nX_b: 2\r\nDate: now\r\nUpgrade: h2\r\nProxy-Authenticate: Basic\r\n\r\n
            """
        let forwarding = ResponseForwarding(framing: .length(3), close: true, added: Array("A: b\r\n".utf8))
        #expect(
            try written(raw, forwarding) == """
                HTTP/1.1 200 Fine\r\nServer: x\r\nX_b: 2\r\nDate: now\r\nContent-Length: 3\r\nConnection: close\r\n\
                A: b\r\n\r\n
                """)
    }

    @Test func contentOfUnknownLengthIsChunkedOrEndsTheConnection() throws {
        for raw in ["HTTP/1.1 200 x\r\n\r\n", "HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n"] {
            let framing = try responseHead(raw).framing
            #expect(
                try written(raw, ResponseForwarding(framing: framing))
                    == "HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n")
            #expect(
                try written(raw, ResponseForwarding(framing: framing, http10Client: true))
                    == "HTTP/1.1 200 x\r\nConnection: close\r\n\r\n")
            #expect(ResponseForwarding.clientFraming(framing, http10Client: true) == .untilClose)
            #expect(ResponseForwarding.clientFraming(framing, http10Client: false) == .chunked)
        }
        #expect(ResponseForwarding.clientFraming(.length(3), http10Client: true) == .length(3))
    }

    /// A response to HEAD says how long the content would be and has none: not even an empty chunk.
    @Test func headAnd304KeepTheLengthTheyDeclare() throws {
        let forwarding = ResponseForwarding(framing: .none)
        let length = "HTTP/1.1 200 x\r\nContent-Length: 7\r\n\r\n"
        #expect(try written(length, to: .head, forwarding) == length)
        let notModified = "HTTP/1.1 304 x\r\nContent-Length: 7\r\n\r\n"
        #expect(try written(notModified, forwarding) == notModified)
        let chunked = "HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n"
        #expect(try written(chunked, to: .head, forwarding) == "HTTP/1.1 200 x\r\n\r\n")
        #expect(try written("HTTP/1.1 204 x\r\nContent-Length: 0\r\n\r\n", forwarding) == "HTTP/1.1 204 x\r\n\r\n")
    }

    @Test func interimResponsesDoNotCloseTheConnection() throws {
        let out = try written("HTTP/1.1 103 x\r\nLink: y\r\n\r\n", ResponseForwarding(framing: .none, close: true))
        #expect(out == "HTTP/1.1 103 x\r\nLink: y\r\n\r\n")
    }

    @Test func datesAreNoticed() throws {
        #expect(try responseHead("HTTP/1.1 204 x\r\ndate: y\r\n\r\n").hasDate)
        #expect(try !responseHead("HTTP/1.1 204 x\r\nX: y\r\n\r\n").hasDate)
    }

    @Test(arguments: ResponseCase.accepted)
    func whatIsWrittenReadsAsTheSame(_ response: ResponseCase) throws {
        let head = try responseHead(String(decoding: response.raw, as: UTF8.self), to: response.method)
        let framing = ResponseForwarding.clientFraming(head.framing, http10Client: false)
        var out: [UInt8] = []
        writeResponse(head, ResponseForwarding(framing: framing), into: &out)
        let again = try responseHead(String(decoding: out, as: UTF8.self), to: response.method)
        #expect(again.status == head.status)
        #expect(again.framing == framing)
        #expect(again.declaredLength == head.declaredLength)
    }
}
