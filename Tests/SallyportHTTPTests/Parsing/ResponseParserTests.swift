import SallyportModel
import Testing

@testable import SallyportHTTP

@Suite struct ResponseParserTests {
    @Test(arguments: ResponseCase.accepted + ResponseCase.refused)
    func followsTheTable(_ response: ResponseCase) throws {
        let whole = run(response, cuts: [])
        switch response.outcome {
        case .refuse(let reason): #expect(whole.refusal == reason.code)
        case .accept(let line, let framing, let body, let keepAlive):
            #expect(whole.refusal == nil)
            let message = try #require(whole.messages.last)
            #expect(message.line == line)
            #expect(message.framing == framing)
            #expect(message.body == Array(body.utf8))
            #expect(message.keepAlive == keepAlive)
            #expect(message.isComplete)
        }
        guard response.raw.count < 1_000 else { return }
        for cut in 0...response.raw.count { #expect(run(response, cuts: [cut]) == whole, "cut at \(cut)") }
        if response.raw.count > 1 { #expect(run(response, cuts: Array(1..<response.raw.count)) == whole) }
    }

    private func run(_ response: ResponseCase, cuts: [Int]) -> Transcript {
        Transcript.ofResponses(response.raw, to: [response.method], cuts: cuts, closes: response.closes)
    }

    @Test func responsesFollowOneAnotherOnlyWhenAskedFor() {
        let one = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"
        let raw = Array((one + one).utf8)
        #expect(Transcript.ofResponses(raw, to: [.get, .get]).refusal == nil)
        #expect(Transcript.ofResponses(raw, to: [.get, .get]).messages.count == 2)
        let poisoned = Transcript.ofResponses(raw, to: [.get])
        #expect(poisoned.refusal == Reason.upstreamMalformed.code)
        #expect(poisoned.messages.count == 1)
    }

    @Test func headDecidesAboutItsOwnResponseOnly() {
        let raw = Array(
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc".utf8)
        let transcript = Transcript.ofResponses(raw, to: [.head, .get])
        #expect(transcript.messages.map(\.framing) == [.none, .length(3)])
        #expect(transcript.messages.last?.body == Array("abc".utf8))
    }

    @Test func bytesNobodyAskedForAreRefused() {
        var parser = ResponseParser(limits: HTTPLimits())
        let nothing: [UInt8] = []
        guard case .needMore = parser.next(nothing.span.bytes).event else {
            Issue.record("nothing is no response")
            return
        }
        let raw = Array("HTTP/1.1 408 Request Timeout\r\n\r\n".utf8)
        guard case .refused(.upstreamMalformed) = parser.next(raw.span.bytes).event else {
            Issue.record("not refused")
            return
        }
        parser.expect(.get)
        guard case .refused = parser.next(raw.span.bytes).event else {
            Issue.record("a refusal is for good")
            return
        }
    }

    @Test func anIdleConnectionMayClose() {
        var parser = ResponseParser(limits: HTTPLimits())
        guard case .end = parser.inputClosed() else {
            Issue.record("no end")
            return
        }
    }

    @Test func expectingDuringAResponseRefuses() {
        var parser = ResponseParser(limits: HTTPLimits())
        parser.expect(.get)
        parser.expect(.get)
        let raw = Array("HTTP/1.1 204 x\r\n\r\n".utf8)
        guard case .refused = parser.next(raw.span.bytes).event else {
            Issue.record("not refused")
            return
        }
    }
}

extension Reason {
    fileprivate static func ~= (pattern: Reason, value: Reason) -> Bool { pattern == value }
}
