import Testing

@testable import SallyportHTTP

@Suite struct HTTP2ForwardedFieldsTests {
    private func fields(of raw: String) -> [String] {
        var parser = ResponseParser(limits: HTTPLimits())
        parser.expect(.get)
        guard case .head(let head) = parser.next(Array(raw.utf8).span.bytes).event else { return ["no head"] }
        var found: [String] = []
        HTTP2Fields.forEachForwarded(in: head) { found.append("\($0)=\($1)") }
        return found
    }

    @Test func namesAreLowerCaseAndNothingIsOfTheConnection() {
        let raw = """
            HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nX-One:  two \r\nConnection: x-two\r\nX-Two: 1\r\nKeep-Alive: 1\r
            Transfer-Encoding: chunked\r\nProxy-Connection: a\r\nUpgrade: h2c\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\n
            """
        #expect(fields(of: raw) == ["content-type=a/b", "x-one=two", "set-cookie=a=1", "set-cookie=b=2"])
    }

    @Test func linesOfOurOwn() {
        var found: [String] = []
        HTTP2Fields.forEachLine(Array("Date: now\r\nx-b:  c d \r\nempty:\r\nhalf".utf8)) { found.append("\($0)=\($1)") }
        #expect(found == ["date=now", "x-b=c d", "empty="])
    }
}
