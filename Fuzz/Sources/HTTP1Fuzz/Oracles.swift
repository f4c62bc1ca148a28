@testable import SallyportHTTP
@testable import SallyportModel

/// What has to hold for every input: it is no crash, the cuts do not matter, and what is written reads as the same.

func fuzzRequests(_ bytes: [UInt8], seed: UInt8) {
    let whole = readRequests(bytes, step: bytes.count)
    require(readRequests(bytes, step: 1) == whole, "byte by byte differs")
    require(readRequests(bytes, step: Int(seed >> 1) + 2) == whole, "cut differs")
}

func fuzzResponses(_ bytes: [UInt8], seed: UInt8) {
    let method: Method = seed & 2 == 0 ? .get : .head
    let whole = readResponses(bytes, method, step: bytes.count)
    require(readResponses(bytes, method, step: 1) == whole, "byte by byte differs")
    require(readResponses(bytes, method, step: Int(seed >> 2) + 2) == whole, "cut differs")
}

/// Everything that a run can say, as one list.
enum Observation: Equatable {
    case message(String, BodyFraming, [UInt8])
    case end
    case refused(UInt16)
}

struct Record: Equatable {
    var observations: [Observation] = []

    mutating func append(_ content: ArraySlice<UInt8>) {
        guard case .message(let line, let framing, var body)? = observations.popLast() else {
            fatalError("content without a head")
        }
        body += content
        observations.append(.message(line, framing, body))
    }
}

func readRequests(_ bytes: [UInt8], step: Int) -> Record {
    var parser = RequestParser(
        limits: HTTPLimits(startLine: 256, fieldLine: 256, headers: 1024, headerCount: 16, body: 4096))
    var record = Record()
    var start = 0
    while start < bytes.count {
        let piece = Array(bytes[start..<min(start + max(step, 1), bytes.count)])
        start += piece.count
        guard feed(piece, to: &parser, &record) else { return record }
    }
    return record
}

private func feed(_ piece: [UInt8], to parser: inout RequestParser, _ record: inout Record) -> Bool {
    var offset = 0
    while true {
        let (consumed, event) = parser.next(piece.span.bytes.extracting(offset..<piece.count))
        switch event {
        case .needMore:
            require(offset + consumed == piece.count, "needMore left bytes")
            return true
        case .head(let head):
            checkRequest(head)
            record.observations.append(.message(head.text(head.path), head.framing, []))
        case .body(let range):
            require(!range.isEmpty && range.upperBound == consumed, "content range")
            record.append(piece[offset + range.lowerBound..<offset + range.upperBound])
        case .end:
            record.observations.append(.end)
            if offset + consumed == piece.count { return true }
        case .refused(let reason):
            record.observations.append(.refused(reason.code))
            return false
        }
        offset += consumed
    }
}

/// The head that goes to the upstream is one head, with one Host and at most one statement about length, and a strict
/// reader takes it for the same request.
private func checkRequest(_ head: RequestHead) {
    var out: [UInt8] = []
    writeRequest(head, RequestForwarding(framing: head.framing), into: &out)
    var parser = RequestParser(limits: HTTPLimits(body: .max))
    let (consumed, event) = parser.next(out.span.bytes)
    guard case .head(let again) = event else { fatalError("own request refused: \(event)") }
    require(consumed == out.count, "more than one head")
    require(again.host == head.host && again.framing == head.framing, "another request")
    require(again.text(again.path) == head.text(head.path), "another path")
    require(again.query.map(again.text) == head.query.map(head.text), "another query")
    let lengths = again.fields.filter { $0.known == .contentLength || $0.known == .transferEncoding }
    require(lengths.count <= 1, "two lengths")
    require(again.fields.filter { $0.known == .host }.count == 1, "hosts")
    require(!again.fields.contains { $0.known.isForgeable }, "forged field")
    var twice: [UInt8] = []
    writeRequest(again, RequestForwarding(framing: again.framing), into: &twice)
    let countsDown = head.maxForwards ?? 0 > 0
    require(countsDown || twice == out, "writing again differs")
    let path = head.text(head.path)
    require(path == "*" || NormalizedPath(path)?.text == path, "path is not normal")
}

extension KnownField {
    fileprivate var isForgeable: Bool {
        switch self {
        case .clientCert, .clientCertChain, .xfcc, .forwarded, .xForwardedFor, .xForwardedHost, .xForwardedPort,
            .xForwardedProto, .xRequestID, .forgeable, .connection, .upgrade, .te, .expect:
            true
        default: false
        }
    }
}

func readResponses(_ bytes: [UInt8], _ method: Method, step: Int) -> Record {
    var parser = ResponseParser(limits: HTTPLimits(startLine: 256, fieldLine: 256, headers: 1024, headerCount: 16))
    parser.expect(method)
    var record = Record()
    var start = 0
    while start < bytes.count {
        let piece = Array(bytes[start..<min(start + max(step, 1), bytes.count)])
        start += piece.count
        guard feed(piece, to: &parser, method, &record) else { return record }
    }
    switch parser.inputClosed() {
    case .end: record.observations.append(.end)
    case .refused(let reason): record.observations.append(.refused(reason.code))
    case .needMore, .head, .body: fatalError("event at the end of input")
    }
    return record
}

private func feed(
    _ piece: [UInt8], to parser: inout ResponseParser, _ method: Method, _ record: inout Record
) -> Bool {
    var offset = 0
    while true {
        let (consumed, event) = parser.next(piece.span.bytes.extracting(offset..<piece.count))
        switch event {
        case .needMore:
            require(offset + consumed == piece.count, "needMore left bytes")
            return true
        case .head(let head):
            checkResponse(head, to: method)
            record.observations.append(.message("\(head.status)", head.framing, []))
        case .body(let range):
            require(!range.isEmpty && range.upperBound == consumed, "content range")
            record.append(piece[offset + range.lowerBound..<offset + range.upperBound])
        case .end:
            record.observations.append(.end)
            parser.expect(method)
            if offset + consumed == piece.count { return true }
        case .refused(let reason):
            record.observations.append(.refused(reason.code))
            return false
        }
        offset += consumed
    }
}

private func checkResponse(_ head: ResponseHead, to method: Method) {
    var out: [UInt8] = []
    let framing = ResponseForwarding.clientFraming(head.framing, http10Client: false)
    writeResponse(head, ResponseForwarding(framing: framing), into: &out)
    var parser = ResponseParser(limits: HTTPLimits())
    parser.expect(method)
    let (consumed, event) = parser.next(out.span.bytes)
    guard case .head(let again) = event else { fatalError("own response refused: \(event)") }
    require(consumed == out.count, "more than one head")
    require(again.status == head.status && again.framing == framing, "another response")
}

func require(_ condition: Bool, _ what: String) {
    if !condition { fatalError(what) }
}
