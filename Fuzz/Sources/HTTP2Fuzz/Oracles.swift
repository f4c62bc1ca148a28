@testable import SallyportHTTP
@testable import SallyportModel

/// What has to hold for every input: it is no crash, the cuts do not matter, and what is accepted is one request.

/// The frames of a peer, whole, byte by byte and in pieces.
func fuzzFrames(_ bytes: [UInt8], seed: UInt8) {
    let whole = inspect(bytes, step: bytes.count)
    require(inspect(bytes, step: 1) == whole, "byte by byte differs")
    require(inspect(bytes, step: Int(seed >> 1) + 2) == whole, "cut differs")
}

struct Inspection: Equatable {
    var refusal: UInt16?
    var code: HTTP2Code?
    var data: UInt64 = 0
    var unfinished: UInt64?
}

func inspect(_ bytes: [UInt8], step: Int) -> Inspection {
    var limits = HTTP2FramePolicer.Limits()
    limits.requestsPerTurn = .max
    var policer = HTTP2FramePolicer(limits: limits, expectsPreface: false, now: 0)
    var start = 0
    while start < bytes.count {
        let end = min(start + max(step, 1), bytes.count)
        let (passed, verdict) = policer.inspect(bytes.span.bytes.extracting(start..<end), now: 0)
        switch verdict {
        case .pass: require(passed == end - start, "pass left bytes")
        case .pause: fatalError("no turns were asked for")
        case .refuse(let refusal): return Inspection(refusal: refusal.reason.code, code: refusal.code)
        }
        start = end
    }
    return Inspection(data: policer.dataReceived, unfinished: policer.unfinished)
}

/// The decoded fields of a header block: lines of `name`, NUL, `value`.
func fuzzFields(_ bytes: [UInt8], endsStream: Bool) {
    var reader = HTTP2RequestReader(limits: HTTPLimits(startLine: 256, fieldLine: 256, headers: 1024, headerCount: 16))
    do throws(HTTP2Fault) {
        for line in bytes.split(separator: 10, omittingEmptySubsequences: false) {
            let parts = line.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count > 1 ? String(decoding: parts[1], as: UTF8.self) : ""
            try reader.add(String(decoding: parts[0], as: UTF8.self), value)
        }
        check(try reader.request(endsStream: endsStream))
    } catch {
        return
    }
}

/// The head that goes to an upstream of HTTP/1.1 is one head, with one Host and at most one statement about length, and a
/// strict reader takes it for the same request.
private func check(_ head: RequestHead) {
    var out: [UInt8] = []
    writeRequest(head, RequestForwarding(framing: head.framing), into: &out)
    var parser = RequestParser(limits: HTTPLimits(body: .max))
    let (consumed, event) = parser.next(out.span.bytes)
    guard case .head(let again) = event else { fatalError("own request refused: \(event)") }
    require(consumed == out.count, "more than one head")
    require(again.host == head.host && again.framing == head.framing, "another request")
    require(again.text(again.method) == head.text(head.method), "another method")
    require(again.text(again.path) == head.text(head.path), "another path")
    require(again.query.map(again.text) == head.query.map(head.text), "another query")
    require(again.fields.filter { $0.known == .host }.count == 1, "hosts")
    let lengths = again.fields.filter { $0.known == .contentLength || $0.known == .transferEncoding }
    require(lengths.count <= 1, "two lengths")
}

func require(_ condition: Bool, _ what: String) {
    if !condition { fatalError(what) }
}
