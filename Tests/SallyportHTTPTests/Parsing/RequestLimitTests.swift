import SallyportModel
import Testing

@testable import SallyportHTTP

/// Each bound at its last good value and one beyond, however the bytes are cut.
@Suite struct RequestLimitTests {
    private static let limits = HTTPLimits(startLine: 40, fieldLine: 30, headers: 80, headerCount: 4, body: 10)

    private func refusal(_ raw: String) -> UInt16? {
        let bytes = Array(raw.utf8)
        let whole = Transcript.ofRequests(bytes, limits: Self.limits)
        #expect(Transcript.ofRequests(bytes, cuts: Array(1..<bytes.count), limits: Self.limits) == whole)
        for cut in 0...bytes.count {
            #expect(Transcript.ofRequests(bytes, cuts: [cut], limits: Self.limits) == whole, "cut at \(cut)")
        }
        return whole.refusal
    }

    @Test func startLine() {
        let fixed = "GET / HTTP/1.1".count
        for (extra, expected) in [(0, nil), (1, Reason.requestLineTooLong.code)] {
            let path = "/" + String(repeating: "x", count: 40 - fixed + extra)
            #expect(refusal("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n") == expected)
        }
        #expect(refusal(String(repeating: "G", count: 50)) == Reason.requestLineTooLong.code)
    }

    @Test func fieldLine() {
        for (extra, expected) in [(0, nil), (1, Reason.headersTooLarge.code)] {
            let value = String(repeating: "x", count: 30 - "X: ".count + extra)
            #expect(refusal("GET / HTTP/1.1\r\nHost: a\r\nX: \(value)\r\n\r\n") == expected)
        }
    }

    @Test func allFieldLines() {
        for (extra, expected) in [(0, nil), (1, Reason.headersTooLarge.code)] {
            // 9, 30, 20 and 21 bytes with their line ends.
            let lines = ["Host: a", "X: " + text(25), "Y: " + text(15), "Z: " + text(16 + extra)]
            #expect(refusal("GET / HTTP/1.1\r\n\(lines.joined(separator: "\r\n"))\r\n\r\n") == expected)
        }
    }

    private func text(_ count: Int) -> String { String(repeating: "x", count: count) }

    @Test func fieldCount() {
        for (count, expected) in [(3, nil), (4, Reason.tooManyHeaders.code)] {
            let lines = String(repeating: "X: y\r\n", count: count)
            #expect(refusal("GET / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n") == expected)
        }
    }

    @Test func content() {
        #expect(refusal("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789") == nil)
        #expect(refusal("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n") == Reason.bodyTooLarge.code)
        let chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        #expect(refusal("\(chunked)5\r\n01234\r\n5\r\n01234\r\n0\r\n\r\n") == nil)
        #expect(refusal("\(chunked)5\r\n01234\r\n6\r\n01234") == Reason.bodyTooLarge.code)
    }

    @Test func trailers() {
        let chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
        #expect(refusal(chunked + String(repeating: "X: y\r\n", count: 4) + "\r\n") == nil)
        #expect(refusal(chunked + String(repeating: "X: y\r\n", count: 5) + "\r\n") == Reason.trailersTooLarge.code)
        #expect(refusal(chunked + "X: \(String(repeating: "y", count: 40))\r\n\r\n") == Reason.trailersTooLarge.code)
        let long = String(repeating: "X: \(String(repeating: "y", count: 22))\r\n", count: 3)
        #expect(refusal(chunked + long + "\r\n") == Reason.trailersTooLarge.code)
    }

    @Test func chunkExtensionsAreBoundedByTheMessage() {
        let head = Array("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
        let endless = head + Array("1;".utf8) + [UInt8](repeating: UInt8(ascii: "x"), count: 20_000)
        #expect(Transcript.ofRequests(endless).refusal == Reason.chunkOverhead.code)
        let chunk = Array("1;\(String(repeating: "x", count: 60))\r\na\r\n".utf8)
        let many = head + [[UInt8]](repeating: chunk, count: 400).flatMap { $0 }
        #expect(Transcript.ofRequests(many).refusal == Reason.chunkOverhead.code)
    }

    @Test func smallChunksWithoutExtensionsAreFine() {
        let head = Array("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
        let chunk = Array("1\r\na\r\n".utf8)
        let raw = head + [[UInt8]](repeating: chunk, count: 50_000).flatMap { $0 } + Array("0\r\n\r\n".utf8)
        let transcript = Transcript.ofRequests(raw)
        #expect(transcript.refusal == nil)
        #expect(transcript.messages.first?.body.count == 50_000)
    }

    @Test func defaultsHold() {
        let path = "/" + String(repeating: "x", count: 8_200)
        #expect(Transcript.ofRequests(Array("GET \(path) HTTP/1.1\r\n".utf8)).refusal == Reason.requestLineTooLong.code)
        let line = "GET / HTTP/1.1\r\nHost: a\r\n"
        let field = "X: \(String(repeating: "y", count: 16_400))"
        #expect(Transcript.ofRequests(Array((line + field).utf8)).refusal == Reason.headersTooLarge.code)
        let count = String(repeating: "X: y\r\n", count: 100)
        #expect(Transcript.ofRequests(Array("\(line)\(count)\r\n".utf8)).refusal == Reason.tooManyHeaders.code)
    }
}
