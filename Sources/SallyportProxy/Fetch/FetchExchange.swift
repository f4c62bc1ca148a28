import SallyportHTTP
import SallyportModel
import SallyportPKI

/// One request as bytes, and its response gathered from bytes. Without sockets: a connection feeds it.
struct FetchExchange: ~Copyable {
    private let url: FetchURL
    private let mostContent: Int
    private var parser: ResponseParser
    private var status: Int?
    private var fields: [(name: String, value: String)] = []
    private var body: [UInt8] = []

    enum Progress {
        case needMore
        case complete(FetchResponse)
        case failed(FetchFailure)
    }

    /// Of the answer's head. Content is bounded by the request.
    private static let limits = HTTPLimits(startLine: 4096, fieldLine: 16_384, headers: 32_768, headerCount: 100)

    init(_ request: FetchRequest, to url: FetchURL) {
        self.url = url
        mostContent = request.bounds.content
        parser = ResponseParser(limits: Self.limits)
        parser.expect(request.method.wire)
    }

    /// The whole request. One exchange per connection, and no encoding that would have to be undone.
    static func bytes(of request: FetchRequest, to url: FetchURL) -> [UInt8] {
        var head = "\(request.method.rawValue) \(url.target) HTTP/1.1\r\nHost: \(url.authority)\r\n"
        head += "User-Agent: sallyport\r\nConnection: close\r\nAccept-Encoding: identity\r\n"
        for field in request.fields { head += "\(field.name): \(field.value)\r\n" }
        guard request.method == .post else { return Array((head + "\r\n").utf8) }
        return Array((head + "Content-Length: \(request.body.count)\r\n\r\n").utf8) + request.body
    }

    mutating func receive(_ bytes: RawSpan) -> Progress {
        var rest = bytes
        while true {
            let (consumed, event) = parser.next(rest)
            let piece = rest.extracting(first: consumed)
            rest = rest.extracting(droppingFirst: consumed)
            switch event {
            case .needMore: return .needMore
            case .head(let head) where head.isInterim: continue
            case .head(let head):
                if let failure = accept(head) { return .failed(failure) }
            case .body(let range):
                guard body.count + range.count <= mostContent else { return .failed(tooLarge) }
                append(piece.extracting(range))
            case .end: return finish()
            case .refused(let reason): return .failed(failure(reason))
            }
        }
    }

    /// The connection ended, properly or not.
    /// - Parameter isTorn: it ended with an error, so that its end is no end of a message.
    mutating func inputClosed(isTorn: Bool) -> Progress {
        guard status != nil, !isTorn, case .end = parser.inputClosed() else {
            return .failed(FetchFailure(.fetchUnreachable, url, "the connection ended before the answer was complete"))
        }
        return finish()
    }

    private mutating func accept(_ head: ResponseHead) -> FetchFailure? {
        switch head.framing {
        case .length(let length) where length > UInt64(mostContent): return tooLarge
        default: break
        }
        status = Int(head.status)
        fields = head.fields.map { field in
            (
                name: String(decoding: head.bytes[field.nameRange], as: UTF8.self).lowercased(),
                value: String(decoding: head.bytes[field.valueRange], as: UTF8.self)
            )
        }
        return nil
    }

    private mutating func append(_ piece: RawSpan) {
        piece.withUnsafeBytes { body.append(contentsOf: $0) }
    }

    private func finish() -> Progress {
        guard let status else { return .failed(failure(.upstreamMalformed)) }
        return .complete(FetchResponse(status: status, fields: fields, body: body, url: url))
    }

    private var tooLarge: FetchFailure {
        FetchFailure(.fetchTooLarge, url, "the content has more than \(mostContent) bytes")
    }

    private func failure(_ reason: Reason) -> FetchFailure {
        switch reason {
        case .upstreamHeadTooLarge: FetchFailure(.fetchTooLarge, url, "\(reason.title)")
        case .upstreamTruncated: FetchFailure(.fetchUnreachable, url, "\(reason.title)")
        default: FetchFailure(.fetchMalformed, url, "\(reason.title)")
        }
    }
}

extension FetchRequest.Method {
    fileprivate var wire: Method {
        switch self {
        case .get: .get
        case .head: .head
        case .post: .post
        }
    }
}
