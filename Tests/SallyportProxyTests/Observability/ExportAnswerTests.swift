import SallyportHTTP
import SallyportPKI
import SallyportTelemetry
import Testing

@testable import SallyportProxy

@Suite struct ExportAnswerTests {
    private func answer(_ status: Int, _ body: String = "", retryAfter: String? = nil) throws -> ExportAnswer {
        let url = try #require(FetchURL("http://127.0.0.1:4318/v1/traces"))
        let fields = retryAfter.map { [(name: "retry-after", value: $0)] } ?? []
        return ExportAnswer(FetchResponse(status: status, fields: fields, body: Array(body.utf8), url: url), at: 1000)
    }

    @Test(arguments: ["", "{}", "nonsense", "[1]", #"{"partialSuccess":{}}"#, #"{"partialSuccess":{"rejectedSpans":-3}}"#])
    func whatIsTakenIsTaken(_ body: String) throws {
        #expect(try answer(200, body) == .taken(rejected: 0, message: ""))
    }

    @Test(arguments: ["7", #""7""#]) func someMayBeRejected(_ number: String) throws {
        let body = #"{"partialSuccess":{"rejectedSpans":\#(number),"errorMessage":"no\u001b[1m"}}"#
        #expect(try answer(200, body) == .taken(rejected: 7, message: #"no\u{1b}[1m"#))
    }

    @Test(arguments: [429, 502, 503, 504]) func busyCollectorsAreAskedAgain(_ status: Int) throws {
        #expect(try answer(status) == .later(nil))
        #expect(try answer(status, retryAfter: "30") == .later(1030))
    }

    @Test(arguments: [301, 400, 401, 404, 413, 500]) func othersAreNot(_ status: Int) throws {
        #expect(try answer(status) == .refused("status \(status)"))
    }

    @Test func pausesGrowAndEnd() {
        var pause = ExportPause()
        var pauses: [Duration] = []
        while let next = pause.next(chance: 1) { pauses.append(next) }
        #expect(pauses == [.seconds(1), .seconds(2), .seconds(4), .seconds(8), .seconds(16)])
    }
}

@Suite struct RequestMethodTests {
    @Test func methodsOfBothSidesAgree() {
        for raw in UInt8(0)...UInt8(9) {
            let word = Method(rawValue: raw).map { "\($0)".uppercased() }
            let named = RequestMethod(rawValue: raw).map { "\($0.word)" }
            #expect(word == (named == "_OTHER" ? "OTHER" : named))
        }
        #expect(Method(rawValue: 10) == nil && RequestMethod(rawValue: 10) == nil)
    }
}
