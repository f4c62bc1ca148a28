@testable import SallyportHTTP
@testable import SallyportModel

/// A response as the input tells it: lines `name=value` gather fields, an empty line ends a block, `#n` is content, and a
/// `!` in front ends the stream. Whatever is taken for a head reads as the same head over HTTP/1.1.
func fuzzHTTP2Response(_ bytes: [UInt8]) {
    let limits = HTTPLimits(startLine: 256, fieldLine: 256, headers: 1024, headerCount: 16, body: 4096)
    let kind = bytes.first ?? 0
    let method: Method = kind & 1 == 0 ? .get : .head
    // The request asks for a WebSocket.
    let accept = kind & 2 == 0 ? nil : Array("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".utf8)
    var reader = HTTP2ResponseReader(answering: method, accept: accept)
    var fields = HTTP2ResponseFields(limits: limits)
    var content: UInt64 = 0
    var announced: UInt64?
    var isTunnel = false
    for line in bytes.dropFirst().split(separator: 0x0A, omittingEmptySubsequences: false) {
        let endsStream = line.first == UInt8(ascii: "!")
        let rest = endsStream ? line.dropFirst() : line
        if rest.first == UInt8(ascii: "#") {
            let event = reader.data(rest.count - 1, endsStream: endsStream)
            guard case .content(let isWhole) = event else { return }
            content += UInt64(rest.count - 1)
            require(announced == nil || content <= announced ?? 0, "more content than announced")
            if isWhole { require(announced == nil || content == announced, "less content than announced") }
        } else if rest.isEmpty {
            let event = reader.headers(fields, endsStream: endsStream)
            fields = HTTP2ResponseFields(limits: limits)
            switch event {
            case .interim(let head): check(head, method)
            case .head(let head, _):
                check(head, method)
                if case .length(let length) = head.framing { announced = length }
                require(!head.opensTunnel || accept != nil, "a tunnel that nobody asked for")
                isTunnel = head.opensTunnel
            case .trailers(let trailers):
                require(trailers?.fields.isEmpty != true, "trailers of nothing")
                require(!isTunnel, "trailers in a tunnel")
            case .content: fatalError("content from a head")
            case .refused: return
            }
        } else {
            let parts = rest.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            fields.append(
                name: String(decoding: parts[0], as: UTF8.self),
                value: parts.count > 1 ? String(decoding: parts[1], as: UTF8.self) : "")
        }
    }
}

/// What is written for a client of HTTP/1.1 is one head with the same status and the same fields.
private func check(_ head: ResponseHead, _ method: Method) {
    var out: [UInt8] = []
    let tunnel: TunnelProtocol? = head.opensTunnel ? .webSocket : nil
    writeResponse(head, ResponseForwarding(framing: head.framing, tunnel: tunnel), into: &out)
    var parser = ResponseParser(limits: HTTPLimits(startLine: 512, fieldLine: 512, headers: 4096, headerCount: 32))
    parser.expect(method, tunnel: tunnel)
    let (consumed, event) = parser.next(out.span.bytes)
    guard case .head(let again) = event else { fatalError("what was written is no head") }
    require(consumed == out.count, "more than a head was written")
    require(again.status == head.status, "another status")
    require(
        again.fields.count { $0.isForwarded } == head.fields.count { $0.isForwarded }, "another number of fields")
}

private func require(_ condition: Bool, _ what: String) {
    if !condition { fatalError(what) }
}
